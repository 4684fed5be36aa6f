import { traceNameOf } from "#lib/ids.ts";
import { type Span, Span_SpanKind, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { FullTrace, SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { type AttributeValue, attributesOf } from "./attributes.ts";
import { errorWordOf } from "./error-type.ts";
import type { Attempt, Failure, Invocation, Outcome } from "./invocation.ts";
import { mlflowCostOf, mlflowUsageOf } from "./usage.ts";
import { attemptReasonWordOf, finishReasonWordOf, requestWordsOf } from "./words.ts";

/** Which attributes mean what: the GenAI conventions of OpenTelemetry that the spans are written by. */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0";
/** An error's text is cut here. */
const ERROR_TEXT_MAX = 16 * 1024;
/** W3C flags: sampled, and an id whose low 56 bits are random. */
const FLAGS_SAMPLED_RANDOM = 0x03;

/** The full trace of an invocation that has ended, without its payload (tracing.md §2). */
export function fullTraceOf(invocation: Invocation, outcome: Outcome): FullTrace {
  const traceId = Buffer.from(invocation.traceId, "hex");
  const spans = [rootSpanOf(traceId, invocation, outcome)];
  for (const attempt of outcome.attempts) spans.push(attemptSpanOf(traceId, invocation, attempt));
  return {
    traceId,
    experiment: invocation.experiment,
    resourceSpans: {
      resource: {
        attributes: attributesOf({ "service.name": "twinspan-gateway" }),
        droppedAttributesCount: 0,
        entityRefs: [],
      },
      scopeSpans: [
        {
          scope: { name: "twinspan", version: "", attributes: [], droppedAttributesCount: 0 },
          spans,
          schemaUrl: SCHEMA_URL,
        },
      ],
      schemaUrl: SCHEMA_URL,
    },
    metadata: metadataOf(invocation),
  };
}

/** The payload of the full trace's spans, once. */
export function payloadsOf(invocation: Invocation, outcome: Outcome): SpanPayload[] {
  const root: SpanPayload = {
    spanId: Buffer.from(invocation.spanId, "hex"),
    inputs: outcome.inputs?.bytes ?? Buffer.alloc(0),
    outputs: outcome.outputs?.bytes ?? Buffer.alloc(0),
    errorText: errorTextOf(outcome.failure),
    truncated: (outcome.inputs?.truncated ?? false) || (outcome.outputs?.truncated ?? false),
  };
  const attempts = outcome.attempts
    .filter(({ failure }) => failure !== undefined && failure.text !== "")
    .map(({ spanId, failure }) => ({
      spanId: Buffer.from(spanId, "hex"),
      inputs: Buffer.alloc(0),
      outputs: Buffer.alloc(0),
      errorText: errorTextOf(failure),
      truncated: false,
    }));
  const rootIsEmpty = root.inputs.length === 0 && root.outputs.length === 0 && root.errorText === "";
  return rootIsEmpty ? attempts : [root, ...attempts];
}

function rootSpanOf(traceId: Buffer, invocation: Invocation, outcome: Outcome): Span {
  const { callerSpan, caller, requestType } = invocation;
  return spanOf({
    traceId,
    spanId: Buffer.from(invocation.spanId, "hex"),
    name: `gateway/${invocation.endpointName}`,
    kind: Span_SpanKind.SPAN_KIND_SERVER,
    startTimeUnixNano: invocation.startNanos,
    endTimeUnixNano: outcome.endNanos,
    failure: outcome.failure,
    attributes: {
      endpoint_id: invocation.endpointId,
      endpoint_name: invocation.endpointName,
      server_url: caller.serverUrl,
      "gen_ai.operation.name": requestWordsOf(requestType).operation,
      "gen_ai.request.stream": invocation.streaming || undefined,
      "mlflow.spanType": "CHAIN",
      "mlflow.message.format": "openai",
      "mlflow.gateway.requestType": requestWordsOf(requestType).mlflow,
      "mlflow.gateway.caller": caller.product,
      "session.id": caller.session,
      "user.id": caller.user,
      "twinspan.caller.trace_id": callerSpan && traceNameOf(callerSpan.traceId),
      "twinspan.caller.span_id": callerSpan?.spanId,
      "twinspan.attempts": outcome.attempts.length,
    },
    links: mirrorLinkOf(invocation),
  });
}

function attemptSpanOf(traceId: Buffer, invocation: Invocation, attempt: Attempt): Span {
  const { answer, cost } = attempt;
  return {
    ...spanOf({
      traceId,
      spanId: Buffer.from(attempt.spanId, "hex"),
      name: `model/${attempt.provider}/${attempt.requestModel}`,
      kind: Span_SpanKind.SPAN_KIND_CLIENT,
      startTimeUnixNano: attempt.startNanos,
      endTimeUnixNano: attempt.endNanos,
      failure: attempt.failure,
      attributes: {
        "gen_ai.operation.name": requestWordsOf(invocation.requestType).operation,
        "gen_ai.provider.name": attempt.provider,
        "gen_ai.request.model": attempt.requestModel,
        "gen_ai.request.stream": invocation.streaming || undefined,
        "gen_ai.response.model": answer.responseModel,
        "gen_ai.response.id": answer.responseId,
        "gen_ai.response.finish_reasons":
          answer.finishReasons.length > 0 ? answer.finishReasons.map(finishReasonWordOf) : undefined,
        "gen_ai.response.time_to_first_chunk":
          answer.firstTokenNanos && Number(answer.firstTokenNanos - attempt.startNanos) / 1e9,
        ...usageAttributesOf(answer.usage),
        "server.address": attempt.providerHost,
        "server.port": attempt.providerPort,
        "http.response.status_code": attempt.httpStatus || undefined,
        "mlflow.spanType": "CHAT_MODEL",
        "mlflow.llm.provider": attempt.provider,
        "mlflow.llm.model": answer.responseModel ?? attempt.requestModel,
        "mlflow.chat.tokenUsage": answer.usage && mlflowUsageOf(answer.usage),
        "mlflow.llm.cost": cost && mlflowCostOf(cost),
        "twinspan.cost.total_nano_usd": cost?.totalNanoUsd,
        "twinspan.attempt.index": attempt.index,
        "twinspan.attempt.reason": attemptReasonWordOf(attempt.reason),
      },
      links: [],
    }),
    parentSpanId: Buffer.from(invocation.spanId, "hex"),
  };
}

interface SpanParts
  extends Pick<Span, "traceId" | "spanId" | "name" | "kind" | "startTimeUnixNano" | "endTimeUnixNano" | "links"> {
  readonly failure: Failure | undefined;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

function spanOf({ failure, attributes, ...parts }: SpanParts): Span {
  return {
    ...parts,
    traceState: "",
    parentSpanId: Buffer.alloc(0),
    flags: FLAGS_SAMPLED_RANDOM,
    attributes: attributesOf({ ...attributes, "error.type": failure && errorWordOf(failure.kind) }),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    status: {
      code: failure === undefined ? Status_StatusCode.STATUS_CODE_OK : Status_StatusCode.STATUS_CODE_ERROR,
      message: "",
    },
  };
}

function mirrorLinkOf({ callerSpan, mirrorSpanId }: Invocation): Span["links"] {
  if (callerSpan === undefined || mirrorSpanId === undefined) return [];
  return [
    {
      traceId: Buffer.from(callerSpan.traceId, "hex"),
      spanId: Buffer.from(mirrorSpanId, "hex"),
      traceState: "",
      attributes: attributesOf({ "twinspan.link": "mirror" }),
      droppedAttributesCount: 0,
      flags: 0,
    },
  ];
}

function usageAttributesOf(usage: Usage | undefined): Readonly<Record<string, AttributeValue>> {
  if (usage === undefined) return {};
  return {
    "gen_ai.usage.input_tokens": usage.inputTokens,
    "gen_ai.usage.output_tokens": usage.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage.cacheReadInputTokens,
    "gen_ai.usage.cache_write.input_tokens": usage.cacheWriteInputTokens,
    "gen_ai.usage.reasoning.output_tokens": usage.reasoningOutputTokens,
  };
}

function metadataOf({ endpointId, requestType, caller }: Invocation): { [key: string]: string } {
  const metadata: { [key: string]: string } = {
    "mlflow.gateway.endpointId": endpointId,
    "mlflow.gateway.requestType": requestWordsOf(requestType).mlflow,
  };
  if (caller.product !== undefined) metadata["mlflow.gateway.caller"] = caller.product;
  if (caller.session !== undefined) metadata["mlflow.trace.session"] = caller.session;
  if (caller.user !== undefined) metadata["mlflow.trace.user"] = caller.user;
  if (caller.run !== undefined) metadata["mlflow.sourceRun"] = caller.run;
  return metadata;
}

function errorTextOf(failure: Failure | undefined): string {
  return failure === undefined ? "" : failure.text.slice(0, ERROR_TEXT_MAX);
}
