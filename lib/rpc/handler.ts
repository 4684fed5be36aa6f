import { once } from "node:events";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { Identity } from "../auth/identity.ts";
import type { Logger } from "../logger.ts";
import { isRequestId } from "../request-id.ts";
import { ServiceError, serviceErrorOf } from "../service-error.ts";
import { identityOf } from "./check-rights.ts";
import { type MetadataTexts, textsOf } from "./metadata-texts.ts";
import { rpcFailureOf } from "./status-details.ts";
import { setTrailers } from "./trailers.ts";

/** What a handler may know of its call, and say beside its answer. */
export interface RpcCall {
  /** Who calls, as it was verified. */
  readonly identity: Identity;
  /** The caller's metadata. Trace context is not read from it: it is in OpenTelemetry's context already. */
  readonly metadata: MetadataTexts;
  /** Aborts when the caller hangs up or its deadline passes; `reason` is the ServiceError that says which. */
  readonly signal: AbortSignal;
  /** The host the caller dialled (`:authority`). */
  readonly host: string;
  /** Sent with the answer's end, on errors too. A handler may add to it as long as it runs. */
  readonly trailers: { set(name: string, value: string): unknown };
  /** Sends initial metadata now. At most once, before the first message. */
  sendHead(head: readonly Header[]): void;
}

/** A caller that reads nothing of a stream for so long, in milliseconds, is taken to have gone. */
const STALL_MS_MAX = 10 * 60_000;
/** A caller that hangs up so shortly before its deadline is taken to have met it. */
const DEADLINE_EARLY_MS = 50;

type Call = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;

/**
 * A unary handler from a function that returns the answer or throws. A thrown ServiceError goes out with its rich
 * details; anything else is logged whole and goes out as `internal`.
 */
export function unary<Request, Response>(
  log: Logger,
  handle: (request: Request, call: RpcCall) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const rpc = createCall(call);
    handle(call.request, rpc).then(
      (response) => {
        rpc.ended();
        callback(null, response);
      },
      (thrown) => {
        rpc.ended();
        callback(failureOf(log, call.getPath(), thrown, rpc));
      },
    );
  };
}

/**
 * A server-streaming handler from an async generator. The next message is asked for when the last one has room to go
 * (HTTP/2 flow control), so a slow reader slows the source. When the caller hangs up, or reads nothing for
 * `stallMsMax`, the generator is ended where it stands; its `finally` runs.
 */
export function serverStreaming<Request, Response>(
  log: Logger,
  handle: (request: Request, call: RpcCall) => AsyncGenerator<Response, void, void>,
  stallMsMax = STALL_MS_MAX,
): handleServerStreamingCall<Request, Response> {
  return async (call) => {
    const rpc = createCall(call);
    try {
      for await (const message of handle(call.request, rpc)) {
        if (!call.write(message)) await drained(call, rpc, stallMsMax);
        rpc.signal.throwIfAborted();
      }
      rpc.ended();
      call.end();
    } catch (thrown) {
      rpc.ended();
      call.emit("error", failureOf(log, call.getPath(), thrown, rpc));
    }
  };
}

/** A call, and the word that its handler has ended: grpc-js calls every call cancelled when its stream closes. */
interface HandledCall extends RpcCall {
  readonly trailers: Metadata;
  ended(): void;
  /** Gives the caller up: its `signal` aborts. */
  stalled(): void;
}

function createCall(call: Call): HandledCall {
  const abort = new AbortController();
  const trailers = new Metadata();
  setTrailers(call.metadata, trailers);
  const onCancelled = () => abort.abort(hangUpOf(deadlineOf(call)));
  call.once("cancelled", onCancelled);
  return {
    identity: identityOf(call.metadata),
    metadata: textsOf(call.metadata),
    signal: abort.signal,
    host: call.getHost(),
    trailers,
    sendHead: (head) => {
      const metadata = new Metadata();
      for (const { name, value } of head) metadata.set(name, value);
      call.sendMetadata(metadata);
    },
    ended: () => call.off("cancelled", onCancelled),
    stalled: () => abort.abort(new ServiceError("cancelled", "The caller stopped reading its answer.")),
  };
}

/**
 * Why a call was cancelled: grpc-js tells a deadline and a hang-up alike, so the clock decides. A caller whose deadline
 * passes hangs up by itself, and by our clock a little early: its deadline reached us later by the time its request
 * took. `deadlineMs` is in milliseconds since the Unix epoch.
 */
export function hangUpOf(deadlineMs: number): ServiceError {
  return Date.now() + DEADLINE_EARLY_MS >= deadlineMs
    ? new ServiceError("deadline_exceeded", "The caller's deadline passed.")
    : new ServiceError("cancelled", "The caller hung up.");
}

function deadlineOf(call: Call): number {
  const deadline = call.getDeadline();
  return typeof deadline === "number" ? deadline : deadline.getTime();
}

async function drained(
  stream: ServerWritableStream<unknown, unknown>,
  { signal, stalled }: HandledCall,
  stallMsMax: number,
): Promise<void> {
  const timer = setTimeout(stalled, stallMsMax);
  try {
    await once(stream, "drain", { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

function failureOf(log: Logger, method: string, thrown: unknown, call: HandledCall) {
  return rpcFailureOf(loggedErrorOf(log, method, thrown, call.metadata), call.trailers);
}

/** The id under which a call's caller knows it. Undefined: it named none that may be one. */
export function requestIdOf(metadata: MetadataTexts): string | undefined {
  const id = metadata.get("x-request-id");
  return id !== undefined && isRequestId(id) ? id : undefined;
}

/**
 * What a handler's failure is to its caller. One that is nobody's fault but ours is logged whole, with what the call is
 * known by.
 */
export function loggedErrorOf(
  log: Logger,
  method: string,
  thrown: unknown,
  metadata: MetadataTexts | undefined,
): ServiceError {
  const error = serviceErrorOf(thrown);
  if (error.kind === "internal") {
    const requestId = metadata && requestIdOf(metadata);
    log.error({ err: error.cause ?? error, method, requestId }, "rpc failed");
  }
  return error;
}
