import type { ClientReadableStream } from "@grpc/grpc-js";
import type { FastifyRequest } from "fastify";
import { type ContractMethod, readContracts } from "#lib/rpc/contracts.ts";
import { askMetadataOf } from "../core/call-metadata.ts";
import type { IngressParts } from "../ingress-parts.ts";
import type { Peer } from "../peers/peers.ts";

/** The services that HTTP clients may call, and who answers. There are no others: this list is closed. */
const SERVICES: readonly (readonly [service: string, peer: Peer])[] = [
  ["twinspan.trace.v1.TraceReaderService", "traceWriter"],
  ["twinspan.trace.v1.TraceEditorService", "traceWriter"],
  ["twinspan.trace.v1.ExperimentService", "traceWriter"],
  ["twinspan.gateway.v1.EndpointService", "gateway"],
];

/** A method that HTTP clients may call. */
export interface OpenMethod extends ContractMethod {
  readonly peer: Peer;
}

/** All of them. */
export function openMethods(): readonly OpenMethod[] {
  const methodsOf = readContracts();
  return SERVICES.flatMap(([service, peer]) => methodsOf(service).map((method) => ({ ...method, peer })));
}

/** A call of a method, as a route has read it. */
export interface MethodCall {
  readonly method: OpenMethod;
  /** The encoded request. */
  readonly message: Buffer;
  /** How long the caller waits, in milliseconds. Undefined: it does not say. */
  readonly timeoutMs: number | undefined;
}

/**
 * Calls the methods of the contracts for HTTP clients. Every such call is made here, so what must hold of all is
 * checked here.
 */
export interface MethodCaller {
  /** Makes a unary call for a request, and returns the encoded answer, within `ingress.limits.readMs`. Throws a ServiceError. */
  ask(request: FastifyRequest, call: MethodCall): Promise<Buffer>;
  /** Begins a call that answers with a stream of encoded messages, for as long as the caller likes. */
  follow(request: FastifyRequest, call: MethodCall): ClientReadableStream<Buffer>;
}

/** The caller of methods of one ingress. */
export function createMethodCaller({ config, peers }: IngressParts): MethodCaller {
  const { readMs } = config.limits;
  return {
    ask: (request, { method, message, timeoutMs = readMs }) =>
      peers.bytes[method.peer].ask(
        method.path,
        message,
        askMetadataOf(request),
        Date.now() + Math.min(timeoutMs, readMs),
      ),
    follow: (request, { method, message, timeoutMs = Number.POSITIVE_INFINITY }) =>
      peers.bytes[method.peer].follow(method.path, message, askMetadataOf(request), Date.now() + timeoutMs),
  };
}
