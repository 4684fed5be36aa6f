import type { AccessLog } from "#lib/access-log.ts";
import type { OnRefused } from "#lib/auth/auth-metrics.ts";
import type { Authority } from "#lib/auth/authority.ts";
import type { Clock } from "#lib/clock.ts";
import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import type { OwnTraces } from "#lib/own-traces/own-traces.ts";
import type { RecordWriter } from "./core/twins/record.ts";
import type { LiveEndpoints } from "./endpoints/live-endpoints.ts";
import type { Allowances } from "./limits/allowances.ts";
import type { GatewayMetrics } from "./metrics/gateway-metrics.ts";
import type { Outbox } from "./outbox/outbox.ts";

/** What an invocation needs of the gateway it runs in. */
export interface Gateway {
  /** Tells what of a request is a key of ours. */
  readonly authority: Pick<Authority, "isOurs">;
  /** Hears of callers who may not invoke an endpoint. */
  readonly onRefused: OnRefused;
  readonly endpoints: LiveEndpoints;
  readonly outbox: Outbox;
  readonly records: RecordWriter;
  readonly allowances: Allowances;
  readonly metrics: GatewayMetrics;
  readonly limits: Config["gateway"]["limits"];
  readonly clock: Clock;
  /** A figure from 0 up to 1, another each time. */
  readonly random: () => number;
  /** Hears of every call of an endpoint when it has ended. */
  readonly access: AccessLog;
  readonly log: Logger;
  /** What the gateway tells of itself to whoever runs it. Undefined: nothing. */
  readonly ownTraces?: OwnTraces | undefined;
}
