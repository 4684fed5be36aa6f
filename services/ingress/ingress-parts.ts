import type { AccessLog } from "#lib/access-log.ts";
import type { OnRefused } from "#lib/auth/auth-metrics.ts";
import type { Authority } from "#lib/auth/authority.ts";
import type { Config } from "#lib/config/schema.ts";
import type { ServiceLoad } from "#lib/load/service-load.ts";
import type { Logger } from "#lib/logger.ts";
import type { OwnTraces } from "#lib/own-traces/own-traces.ts";
import type { ServerTls } from "#lib/tls/configured-certificates.ts";
import type { WatchedCertificates } from "#lib/tls/watch-certificates.ts";
import type { WorkerLink } from "#lib/workers/worker-link.ts";
import type { BodyBudget } from "./body/body-budget.ts";
import type { IngressMetrics } from "./metrics.ts";
import type { Peers } from "./peers/peers.ts";

/** What a route is given. */
export interface IngressParts {
  readonly config: Config["ingress"];
  /** Says who calls, and what of a request is a key of ours. */
  readonly authority: Authority;
  /** Whether nothing is said of `auth`, so that it is for this machine alone: keys are off, and it listens on loopback. */
  readonly isForThisMachine: boolean;
  /** Hears of callers that are turned away. */
  readonly onRefused: OnRefused;
  readonly peers: Peers;
  readonly metrics: IngressMetrics;
  /** How it speaks TLS. Undefined: in the clear. */
  readonly tls: ServerTls | undefined;
  /** The certificates in use, and what is wrong with them. */
  readonly certificates: WatchedCertificates;
  readonly load: ServiceLoad;
  readonly bodies: BodyBudget;
  /** What the ingress tells of itself to whoever runs it. Undefined: nothing. */
  readonly ownTraces: OwnTraces | undefined;
  /** Its link to other workers. */
  readonly link: WorkerLink;
  /** Aborts when the ingress begins to drain. */
  readonly draining: AbortSignal;
  /** Where the console was built. */
  readonly consoleDirectory: string;
  /** Hears of every request when it has ended. */
  readonly access: AccessLog;
  /** What is logged of requests beside that. */
  readonly log: Logger;
}

declare module "fastify" {
  interface FastifyRequest {
    /** The full trace of the call, for the access log: `tr-<32 hex>`. Empty: there is none, or it is not known yet. */
    traceName: string;
  }
  interface FastifyContextConfig {
    /** The name under which the route's requests are counted, where that is not its path. */
    readonly countedAs?: string;
  }
}
