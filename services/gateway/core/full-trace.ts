import { traceNameOf } from "#lib/ids.ts";
import { type AttributeValue, attributesOf } from "#lib/spans/attributes.ts";
import {
  attemptAttributesOf,
  attemptSpanNameOf,
  gatewayAttributesOf,
  gatewaySpanNameOf,
} from "#lib/spans/twin-span.ts";
import { totalsAttributesOf } from "#lib/spans/usage.ts";
import { requestWordsOf } from "#lib/spans/words.ts";
import { type Span, Span_SpanKind, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { FullTrace } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Attempt, Invocation, Outcome } from "./invocation.ts";
import { type KeptPayload, type KeptPayloads, payloadMarksOf } from "./kept-payloads.ts";
import { attemptTwinOf, gatewayTwinOf, type TwinSpan } from "./twin-spans.ts";

/** Which attributes mean what: the GenAI conventions of OpenTelemetry that the spans are written by. */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0";
/** W3C flags: sampled, and an id whose low 56 bits are random. */
const FLAGS_SAMPLED_RANDOM = 0x03;

/**
 * The full trace of an invocation that has ended, without its payload (tracing.md §2). Its spans say what the mirror's say,
 * and beside it what only the platform's team is told.
 */
export function fullTraceOf(invocation: Invocation, outcome: Outcome, kept: KeptPayloads): FullTrace {
  const traceId = Buffer.from(invocation.traceId, "hex");
  const spans = [
    rootSpanOf(traceId, invocation, outcome, kept),
    ...outcome.attempts.map((attempt, index) => attemptSpanOf(traceId, invocation, attempt, kept.attempts[index])),
  ];
  const resource = {
    attributes: attributesOf({ "service.name": "twinspan-gateway" }),
    droppedAttributesCount: 0,
    entityRefs: [],
  };
  const scope = { name: "twinspan", version: "", attributes: [], droppedAttributesCount: 0 };
  return {
    traceId,
    experiment: invocation.experiment,
    resourceSpans: { resource, scopeSpans: [{ scope, spans, schemaUrl: SCHEMA_URL }], schemaUrl: SCHEMA_URL },
    metadata: metadataOf(invocation),
    workspace: invocation.workspace,
  };
}

/** The root has no totals: what was billed is the attempts', and a reader that sums spans must find it once. */
function rootSpanOf(traceId: Buffer, invocation: Invocation, outcome: Outcome, kept: KeptPayloads): Span {
  const { callerSpan, caller } = invocation;
  const twin = gatewayTwinOf(invocation, outcome);
  return {
    ...spanOf(twin, {
      ...gatewayAttributesOf(twin),
      "mlflow.message.format": invocation.messageFormat,
      "mlflow.gateway.caller": caller.product,
      "session.id": caller.session,
      "user.id": caller.user,
      "twinspan.caller.trace_id": callerSpan && traceNameOf(callerSpan.traceId),
      "twinspan.caller.span_id": callerSpan?.spanId,
      "twinspan.attempts": outcome.attempts.length,
      "twinspan.passed_over": outcome.passedOver,
      "twinspan.queue_wait_nanos": outcome.waitedNanos,
      "twinspan.payload.keep": kept.keep === "full" ? undefined : kept.keep,
      ...payloadAttributesOf(kept.root),
    }),
    traceId,
    spanId: Buffer.from(invocation.spanId, "hex"),
    name: gatewaySpanNameOf(twin),
    kind: Span_SpanKind.SPAN_KIND_SERVER,
    links: mirrorLinkOf(invocation),
  };
}

function attemptSpanOf(traceId: Buffer, invocation: Invocation, attempt: Attempt, kept: KeptPayload | undefined): Span {
  const twin = attemptTwinOf(invocation, attempt);
  return {
    ...spanOf(twin, {
      ...attemptAttributesOf(twin),
      ...totalsAttributesOf(twin.usage, twin.cost),
      "server.address": attempt.providerHost,
      "server.port": attempt.providerPort,
      ...(kept && payloadAttributesOf(kept)),
    }),
    traceId,
    spanId: Buffer.from(attempt.spanId, "hex"),
    parentSpanId: Buffer.from(invocation.spanId, "hex"),
    name: attemptSpanNameOf(twin),
    kind: Span_SpanKind.SPAN_KIND_CLIENT,
  };
}

function payloadAttributesOf(kept: KeptPayload) {
  const { redactions, withheld } = payloadMarksOf(kept);
  return {
    "twinspan.payload.redactions": redactions || undefined,
    "twinspan.payload.withheld": withheld.length === 0 ? undefined : withheld,
  };
}

type Unnamed = Omit<Span, "traceId" | "spanId" | "name" | "kind">;

function spanOf(twin: TwinSpan, attributes: Readonly<Record<string, AttributeValue>>): Unnamed {
  const isWell = twin.errorType === ErrorType.ERROR_TYPE_UNSPECIFIED;
  return {
    traceState: "",
    parentSpanId: Buffer.alloc(0),
    flags: FLAGS_SAMPLED_RANDOM,
    startTimeUnixNano: twin.startTimeUnixNano,
    endTimeUnixNano: twin.endTimeUnixNano,
    attributes: attributesOf(attributes),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: isWell ? Status_StatusCode.STATUS_CODE_OK : Status_StatusCode.STATUS_CODE_ERROR, message: "" },
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

function metadataOf({ endpointId, requestType, caller, username, callerWorkspace, workspace }: Invocation): {
  [key: string]: string;
} {
  const metadata: { [key: string]: string } = { "mlflow.gateway.endpointId": endpointId };
  const known = {
    "mlflow.gateway.requestType": requestWordsOf(requestType)?.mlflow,
    "mlflow.gateway.caller": caller.product,
    "mlflow.trace.session": caller.session,
    "mlflow.trace.user": caller.user,
    "mlflow.sourceRun": caller.run,
    "mlflow.auth.username": username,
    "twinspan.caller.workspace": callerWorkspace === workspace ? undefined : callerWorkspace,
  };
  for (const [key, value] of Object.entries(known)) {
    if (value !== undefined) metadata[key] = value;
  }
  return metadata;
}
