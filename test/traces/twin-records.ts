import { expect } from "vitest";
import { attemptReasonWordOf, errorWordOf, finishReasonWordOf, requestWordsOf } from "#lib/spans/words.ts";
import { Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Mirror, MirrorSpan } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { CALLER, type Told } from "../callers/gateway-client.ts";
import type { GatewayRun } from "../system/start-gateway.ts";
import { type RecordView, recordOfCall, type SpanView } from "./record-view.ts";

/** What both twins of a call say of it, once they were found to say the same. */
export interface TwinRecord extends RecordView {
  /** MLflow's word for the request. */
  readonly requestType: string | undefined;
  /** The counts of the last attempt. Undefined: there are none. */
  readonly usage: Usage | undefined;
  /** Why its answer ended. */
  readonly finishReasons: readonly string[];
}

/** The caller's span. */
type CallerSpan = { readonly traceId: string; readonly spanId: string };

/**
 * The record of a call with one attempt, once it has arrived. Checks that its mirror says what its full trace says,
 * that they lead to one another, and that every one of `canaries`, which are said in the request or the answer, is in
 * the payload and nowhere else.
 */
export async function twinRecordOf(
  run: GatewayRun,
  told: Pick<Told, "metadata" | "summary">,
  canaries: string | readonly string[],
  caller: CallerSpan = CALLER,
): Promise<TwinRecord> {
  const view = await recordOfCall(run, told);
  const { record, root, attempts } = view;
  const { mirror } = record;
  if (mirror === undefined) throw new Error("the record has no mirror");
  const [gateway, mirrored, ...others] = mirror.spans;
  expect(others).toEqual([]);
  expectLinked(view, mirror, caller);
  expect([gateway, mirrored].map((span) => span && saidByMirror(span))).toEqual([root, attempts[0]].map(saidByFull));
  const requestType = requestWordsOf(gateway?.requestType ?? 0)?.mlflow;
  expect(record.full?.metadata["mlflow.gateway.requestType"]).toBe(requestType);
  const usage = mirrored?.usage;
  expect(gateway?.usage).toEqual(usage);
  expect(told.summary?.usage ?? usage).toEqual(usage);
  if (told.summary !== undefined) expect(errorWordOf(told.summary.errorType)).toBe(root.errorType);
  for (const canary of [canaries].flat()) expectInPayloadAlone(run, record, canary);
  return { ...view, requestType, usage, finishReasons: (mirrored?.finishReasons ?? []).map(finishReasonWordOf) };
}

function expectLinked({ record, root }: RecordView, mirror: Mirror, caller: CallerSpan): void {
  const [gateway, mirrored] = mirror.spans;
  const hex = (bytes: Buffer | undefined) => bytes?.toString("hex");
  expect([hex(mirror.traceId), hex(gateway?.parentSpanId)]).toEqual([caller.traceId, caller.spanId]);
  if (mirrored !== undefined) expect(hex(mirrored.parentSpanId)).toBe(hex(gateway?.spanId));
  expect([hex(mirror.linkedTraceId), hex(mirror.linkedSpanId)]).toEqual([
    hex(record.full?.traceId),
    hex(root.span.spanId),
  ]);
  expect(root.span.links.map(({ traceId, spanId }) => [hex(traceId), hex(spanId)])).toEqual([
    [caller.traceId, hex(gateway?.spanId)],
  ]);
}

/** What a span of the full trace says that its twin must say too. */
function saidByFull(view: SpanView | undefined) {
  if (view === undefined) return undefined;
  const { span, attributes } = view;
  const firstToken = attributes["gen_ai.response.time_to_first_chunk"];
  return {
    startNanos: span.startTimeUnixNano,
    endNanos: span.endTimeUnixNano,
    isWell: span.status?.code === Status_StatusCode.STATUS_CODE_OK,
    errorType: attributes["error.type"],
    endpoint: attributes["endpoint_name"],
    provider: attributes["gen_ai.provider.name"],
    requestModel: attributes["gen_ai.request.model"],
    responseModel: attributes["gen_ai.response.model"],
    responseId: attributes["gen_ai.response.id"],
    finishReasons: attributes["gen_ai.response.finish_reasons"],
    status: attributes["http.response.status_code"],
    index: attributes["twinspan.attempt.index"],
    reason: attributes["twinspan.attempt.reason"],
    firstTokenMs: typeof firstToken === "number" ? Math.round(firstToken * 1e3) : undefined,
    input: attributes["gen_ai.usage.input_tokens"],
    output: attributes["gen_ai.usage.output_tokens"],
    cacheRead: attributes["gen_ai.usage.cache_read.input_tokens"],
  };
}

/** The same of its twin. What was billed is on attempts alone, in the full trace. */
function saidByMirror(span: MirrorSpan): ReturnType<typeof saidByFull> {
  const isAttempt = span.provider !== "";
  const usage = isAttempt ? span.usage : undefined;
  const firstToken = span.timeToFirstTokenNanos;
  const finishReasons = span.finishReasons.map(finishReasonWordOf);
  return {
    startNanos: span.startTimeUnixNano,
    endNanos: span.endTimeUnixNano,
    isWell: span.errorType === 0,
    errorType: errorWordOf(span.errorType),
    endpoint: span.endpointName || undefined,
    provider: span.provider || undefined,
    requestModel: span.requestModel || undefined,
    responseModel: span.responseModel || undefined,
    responseId: span.responseId || undefined,
    finishReasons: finishReasons.length > 0 ? finishReasons : undefined,
    status: span.httpStatus || undefined,
    index: isAttempt ? span.attemptIndex : undefined,
    reason: isAttempt ? attemptReasonWordOf(span.attemptReason) : undefined,
    firstTokenMs: firstToken === undefined ? undefined : Math.round(Number(firstToken) / 1e6),
    input: numberOf(usage?.inputTokens),
    output: numberOf(usage?.outputTokens),
    cacheRead: numberOf(usage?.cacheReadInputTokens),
  };
}

function expectInPayloadAlone(run: GatewayRun, record: InvocationRecord, canary: string): void {
  const whole = Buffer.from(InvocationRecord.encode(record).finish());
  expect(whole.includes(canary), `${canary} is in the record`).toBe(true);
  const withoutPayload = Buffer.from(InvocationRecord.encode({ ...record, payloads: [] }).finish());
  expect(withoutPayload.includes(canary), `${canary} is beside the payload`).toBe(false);
  expect(run.logged.some((line) => line.includes(canary))).toBe(false);
}

function numberOf(count: bigint | undefined): number | undefined {
  return count === undefined ? undefined : Number(count);
}
