import { type ServerWritableStream, status } from "@grpc/grpc-js";
import { context } from "@opentelemetry/api";
import { Registry } from "prom-client";
import { createLogger } from "#lib/logger.ts";
import { countExchange } from "#lib/rpc/exchange-metrics.ts";
import { startRpcServer } from "#lib/rpc/server.ts";
import { rpcFailureOf } from "#lib/rpc/status-details.ts";
import { ServiceError } from "#lib/service-error.ts";
import { type CallerContext, callerContextOf } from "#lib/trace-context/caller-context.ts";
import { ALONE, type WorkerPlace } from "#lib/workers/worker-place.ts";
import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import { type EndpointServiceServer, EndpointServiceService } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import {
  type GatewayServiceServer,
  GatewayServiceService,
  type InvokeStreamRequest,
  type InvokeStreamResponse,
} from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { exchange } from "../../../services/gateway/exchange/exchange.ts";
import { openDoor } from "../../system/open-door.ts";
import { ExchangedAnswer } from "./exchanged-answer.ts";

const BYTES_MAX = 64 * 1024 * 1024;

/** A call as it reached the gateway. */
export interface SeenCall {
  readonly body: Buffer;
  /** The call's metadata as the handler finds it. */
  readonly metadata: Readonly<Record<string, string | Buffer>>;
  readonly caller: CallerContext | undefined;
  /** What it is answered with. */
  readonly stream: ServerWritableStream<InvokeStreamRequest, InvokeStreamResponse> | ExchangedAnswer;
}

/** A real gRPC server on loopback that answers as a test's script says. */
export interface ScriptedGateway extends AsyncDisposable {
  readonly address: string;
  readonly calls: readonly SeenCall[];
  /** How many streams of Exchange were opened. */
  readonly streams: number;
  /** Whether it knows Exchange. Before there was Exchange gateways answered that they do not. */
  knowsExchange: boolean;
  /** What the next calls do. */
  script: (call: SeenCall) => void;
  setHealth(name: string, serving: boolean): void;
}

/** How it is started. */
export interface ScriptedGatewayOptions {
  readonly endpoints?: readonly Endpoint[];
  readonly listen?: string;
  /** How old a stream of Exchange becomes, in milliseconds. */
  readonly streamAgeMaxMs?: number;
  /** Which worker of a gateway it is. Default: it is alone. */
  readonly place?: WorkerPlace;
}

/** Starts it. Disposing of it twice does no more than once. */
export async function startScriptedGateway({
  endpoints = [],
  listen = "127.0.0.1:0",
  streamAgeMaxMs = 600_000,
  place = ALONE,
}: ScriptedGatewayOptions = {}): Promise<ScriptedGateway> {
  const calls: SeenCall[] = [];
  const see = (stream: SeenCall["stream"]) => {
    const seen = {
      body: stream.request.invocation?.body ?? Buffer.alloc(0),
      metadata: stream.metadata.getMap(),
      caller: callerContextOf(context.active()),
      stream,
    };
    calls.push(seen);
    gateway.script(seen);
  };
  const draining = new AbortController();
  const exchangeParts = {
    door: openDoor(),
    admission: { enter: () => ({ [Symbol.dispose]() {} }) },
    bodyBytesMax: BYTES_MAX,
    onLargeBody: () => {},
    stallMs: 60_000,
    place,
    ageMaxMs: streamAgeMaxMs,
    draining: draining.signal,
    count: countExchange(new Registry()),
    log: createLogger("gateway", "silent"),
  };
  let streams = 0;
  const serve = exchange(exchangeParts, (invocation, rpc) => {
    const answer = new ExchangedAnswer({ invocation }, rpc);
    see(answer);
    return answer.messages();
  });
  const invocations: GatewayServiceServer = {
    invoke: (_call, callback) => callback(new Error("the ingress has no use for Invoke")),
    invokeStream: see,
    exchange(stream) {
      if (!gateway.knowsExchange) {
        stream.emit("error", { code: status.UNIMPLEMENTED, details: "The server does not implement the method" });
        return;
      }
      streams += 1;
      serve(stream);
    },
  };
  const listing: EndpointServiceServer = {
    listEndpoints: (_call, callback) => callback(null, { endpoints: [...endpoints] }),
    getEndpoint: ({ request }, callback) => {
      const endpoint = endpoints.find(({ name }) => name === request.name);
      if (endpoint !== undefined) callback(null, { endpoint });
      else callback(rpcFailureOf(new ServiceError("not_found", "No such endpoint.", { field: "model" })));
    },
  };
  const server = await startRpcServer({
    door: openDoor(),
    listen,
    services: [
      { name: "twinspan.gateway.v1.GatewayService", definition: GatewayServiceService, implementation: invocations },
      { name: "twinspan.gateway.v1.EndpointService", definition: EndpointServiceService, implementation: listing },
    ],
    messageBytesMax: BYTES_MAX,
    drainMs: 100,
  });
  const gateway: ScriptedGateway = {
    address: server.address,
    calls,
    get streams() {
      return streams;
    },
    knowsExchange: true,
    script: ({ stream }) => stream.end(),
    setHealth: (name, serving) => server.setHealth(name, serving),
    async [Symbol.asyncDispose]() {
      if (draining.signal.aborted) return;
      draining.abort();
      await server[Symbol.asyncDispose]();
    },
  };
  return gateway;
}
