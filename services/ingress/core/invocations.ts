import type { ServiceError as RpcError } from "@grpc/grpc-js";
import type { Context } from "@opentelemetry/api";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { Header, Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { RequestBody } from "./request-body.ts";

/** A way to the gateway for invocations. */
export interface Invocations {
  /** Whether it is open, as far as it knows. Whether the gateway is well is asked of the gateway. */
  readonly isOpen: boolean;
  /** Begins one. `listener` hears of it when this has returned, never before. */
  begin(invocation: OutgoingInvocation, listener: AnswerListener): AnswerCall;
}

/** An invocation as the ingress makes it. */
export interface OutgoingInvocation {
  readonly invocation: Omit<Invocation, "body">;
  readonly body: RequestBody;
  /** Of each name one, with a value that gRPC takes. */
  readonly metadata: readonly Header[];
  /** Has the caller's trace context, which goes along. */
  readonly caller: Context;
  /** In milliseconds since the Unix epoch. */
  readonly deadline: number;
}

/** Hears what comes of an invocation: initial metadata, the answer's messages in order, and its end. */
export interface AnswerListener {
  /** At most once, before every message. */
  onMetadata(metadata: readonly Header[]): void;
  onMessage(message: InvokeStreamResponse): void;
  /** Once, when every message was taken, unless it was cancelled. Undefined: all is well. */
  onEnd(failure: RpcError | undefined): void;
}

/** An invocation that is under way. */
export interface AnswerCall {
  /** No message is heard from here on until `resume`; the gateway is slowed. */
  pause(): void;
  resume(): void;
  /** Hangs up. Does nothing where it has ended. */
  cancel(): void;
}
