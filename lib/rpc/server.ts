import {
  experimental,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import type { Registry } from "prom-client";
import { METHOD_NEEDS } from "../auth/method-needs.ts";
import { DEFAULT_PEERS } from "../config/sections/peers.ts";
import type { ServiceLoad } from "../load/service-load.ts";
import type { OwnTraces } from "../own-traces/own-traces.ts";
import { traceRpcs } from "../own-traces/trace-rpcs.ts";
import type { ServerTls } from "../tls/configured-certificates.ts";
import { checkRights, type Door } from "./check-rights.ts";
import { listenFor } from "./listen.ts";
import { createReflection } from "./reflection.ts";
import { measureCalls } from "./rpc-metrics.ts";
import { shedLoad } from "./shed-load.ts";
import { sendTrailers } from "./trailers.ts";

/** A service and what answers for it. */
export interface ServedService {
  /** The fully-qualified name, `twinspan.gateway.v1.GatewayService`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface RpcServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** How it speaks TLS. Undefined: in the clear. */
  readonly tls?: ServerTls | undefined;
  /** What is served, beside `grpc.health.v1.Health` and server reflection. */
  readonly services: readonly ServedService[];
  /** Who may call them. Health and reflection are for everyone. */
  readonly door: Door;
  /** The largest message that is taken, in bytes. A larger one is RESOURCE_EXHAUSTED. */
  readonly messageBytesMax: number;
  /** Where its calls are measured. Undefined: nowhere. */
  readonly registry?: Registry | undefined;
  /** Where its calls have spans, for whoever runs it. Undefined: nowhere. */
  readonly ownTraces?: OwnTraces | undefined;
  /** What it takes on at once. Undefined: whatever comes. */
  readonly load?: ServiceLoad | undefined;
  /** How long a connection is kept, in milliseconds; then its client is told to open another. Default: as `peers` has it. */
  readonly connectionAgeMs?: number | undefined;
  /** How long calls in flight may go on once the server is told to stop, in milliseconds. Then they are cut. */
  readonly drainMs: number;
}

/** A gRPC server that takes calls. Disposing of it drains it: no new calls, those in flight end, then it is closed. */
export interface RpcServer extends AsyncDisposable {
  /** The address it is bound to, with the port it got. */
  readonly address: string;
  /** Says how a service is; `name` may also be a concern of its own, such as `twinspan.tracing`. */
  setHealth(name: string, serving: boolean): void;
}

/** HTTP/2's default window of 64 KiB makes large bodies crawl: a round trip for every window. */
const FLOW_CONTROL_WINDOW_BYTES = 4 * 1024 * 1024;
/** How long calls may go on over a connection that has reached its age. */
const CONNECTION_AGE_GRACE_MS = 60 * 60_000;
/** A client that vanished without a word is noticed after these two: its calls are then cancelled. */
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
/** How many streams a connection may have open. Calls beyond those that a service takes on are turned away long before. */
const STREAMS_MAX = 10_000;

/** Starts a gRPC server. Fails with one line that says what to do when the address cannot be had. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { load, tls, registry, ownTraces } = options;
  const server = new Server({
    "grpc.max_receive_message_length": options.messageBytesMax,
    "grpc.max_send_message_length": -1,
    "grpc.max_connection_age_ms": options.connectionAgeMs ?? DEFAULT_PEERS.connectionAgeMs,
    "grpc.max_connection_age_grace_ms": CONNECTION_AGE_GRACE_MS,
    "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW_BYTES,
    "grpc.keepalive_time_ms": KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc.max_concurrent_streams": STREAMS_MAX,
    interceptors: [
      ...(registry === undefined ? [] : [measureCalls(registry)]),
      ...(ownTraces === undefined ? [] : [traceRpcs(ownTraces)]),
      ...(load === undefined ? [] : [shedLoad(load.admission)]),
      sendTrailers,
      checkRights(options.door),
    ],
  });
  for (const { definition, implementation } of options.services) {
    for (const { path } of Object.values(definition)) {
      if (METHOD_NEEDS[path] === undefined)
        throw new Error(`lib/auth/method-needs.ts must say what ${path} asks of its callers`);
    }
    server.addService(definition, implementation);
  }
  const names = options.services.map(({ name }) => name);
  for (const { service, implementation } of createReflection(names)) server.addService(service, implementation);
  const health = new HealthImplementation(Object.fromEntries(["", ...names].map((name) => [name, "SERVING"])));
  health.addToServer(server);
  const port = await listenFor(server, serverCredentialsOf(tls), options.listen, load);
  return {
    address: port.address,
    setHealth: (name, serving) => health.setStatus(name, serving ? "SERVING" : "NOT_SERVING"),
    async [Symbol.asyncDispose]() {
      for (const name of ["", ...names]) health.setStatus(name, "NOT_SERVING");
      const closed = port.close(options.drainMs);
      // Says goodbye on every connection: calls that are under way end, and clients make the next ones elsewhere.
      server.tryShutdown(() => {});
      await closed;
    },
  };
}

/** grpc-js names the two providers the wrong way round: the identity comes first. */
function serverCredentialsOf(tls: ServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { certificates, clientCertificates } = tls;
  return experimental.createCertificateProviderServerCredentials(
    certificates,
    clientCertificates === "none" ? null : certificates,
    clientCertificates === "required",
  );
}
