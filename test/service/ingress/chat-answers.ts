import { Metadata } from "@grpc/grpc-js";
import { rpcFailureOf } from "#lib/rpc/status-details.ts";
import type { ServiceError } from "#lib/service-error.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { SeenCall } from "./scripted-gateway.ts";

export const TRACE_NAME = "tr-0af7651916cd43dd8448eb211c80319c";
export const TRACE_RESPONSE = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

export const SUMMARY: InvocationSummary = {
  traceId: TRACE_NAME,
  errorType: ErrorType.ERROR_TYPE_UNSPECIFIED,
  usage: undefined,
  cost: undefined,
  durationNanos: 12_500_000n,
  providerNanos: 10_000_000n,
  timeToFirstTokenNanos: undefined,
  attempts: 1,
};

/** A completion as OpenAI writes it. */
export function completion(content: string): string {
  return JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_700_000_000,
    model: "echo-1",
    choices: [{ index: 0, message: { role: "assistant", content, refusal: null }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });
}

/** An event of a stream of completions. */
export function event(content: string): string {
  const choices = [{ index: 0, delta: { role: "assistant", content }, finish_reason: null }];
  const chunk = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "echo-1", choices };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/** The metadata that names the full trace. */
export function traceMetadata(): Metadata {
  const metadata = new Metadata();
  metadata.set("x-twinspan-trace-id", TRACE_NAME);
  metadata.set("traceresponse", TRACE_RESPONSE);
  return metadata;
}

/** Answers as one message. */
export function answerPlainly(
  { stream }: SeenCall,
  body: string,
  status = 200,
  headers: [string, string][] = [],
): void {
  stream.sendMetadata(traceMetadata());
  stream.write({
    head: headOf(status, [["content-type", "application/json"], ...headers]),
    chunk: Buffer.from(body),
    summary: SUMMARY,
  });
  stream.end();
}

/** Begins a stream, of events unless another type is given, with its first chunk. */
export function beginStream({ stream }: SeenCall, chunk: string, contentType = "text/event-stream"): void {
  stream.sendMetadata(traceMetadata());
  stream.write({
    head: headOf(200, [["content-type", contentType]]),
    chunk: Buffer.from(chunk),
    summary: undefined,
  });
}

/** A further message of a stream. */
export function piece(chunk: string | Buffer, summary?: InvocationSummary): InvokeStreamResponse {
  return { head: undefined, chunk: Buffer.from(chunk), summary };
}

/** Fails the call as the gateway does, with the trailers that name the trace. */
export function fail({ stream }: SeenCall, error: ServiceError, trailers = new Metadata()): void {
  stream.emit("error", rpcFailureOf(error, trailers));
}

function headOf(status: number, headers: [string, string][]) {
  return { status, headers: headers.map(([name, value]) => ({ name, value })) };
}
