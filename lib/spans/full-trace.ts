import { traceNameOf } from "#lib/ids.ts";
import { type Span, Span_SpanKind, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { Call, FullTwin, FullTwinSpan } from "#proto/twinspan/trace/v1/call.ts";
import type { FullTrace } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { type AttributeValue, attributesOf } from "./attributes.ts";
import { callSpansOf } from "./call-spans.ts";
import {
  attemptAttributesOf,
  attemptSpanNameOf,
  gatewayAttributesOf,
  gatewaySpanNameOf,
  TWIN_RESOURCE,
  TWIN_SCHEMA_URL,
  TWIN_SCOPE,
  type TwinSpan,
} from "./twin-span.ts";
import { totalsAttributesOf } from "./usage.ts";
import { requestWordsOf } from "./words.ts";

/** W3C flags: sampled, and an id whose low 56 bits are random. */
const FLAGS_SAMPLED_RANDOM = 0x03;
const NO_ID = Buffer.alloc(0);

/**
 * The full trace of a call, without its payload (tracing.md §2). Its spans say what the mirror's say, since the same
 * call is told by both, and beside it what only the platform's team is told.
 */
export function fullTraceOf(call: Call, full: FullTwin): FullTrace {
  const { gateway, attempts } = callSpansOf(call);
  const rootId = full.spans[0]?.spanId ?? NO_ID;
  const spans = [
    rootOf(call, gateway, full),
    ...attempts.map((twin, index) => attemptOf(twin, full, rootId, index + 1)),
  ];
  return {
    traceId: full.traceId,
    experiment: full.experiment,
    resourceSpans: {
      resource: TWIN_RESOURCE,
      scopeSpans: [{ scope: TWIN_SCOPE, spans, schemaUrl: TWIN_SCHEMA_URL }],
      schemaUrl: TWIN_SCHEMA_URL,
    },
    metadata: fullMetadataOf(call, full),
    workspace: full.workspace,
  };
}

/** What is said of the full trace as a whole, under MLflow's keys. */
export function fullMetadataOf({ endpointId, requestType }: Call, full: FullTwin): { [key: string]: string } {
  const metadata: { [key: string]: string } = { "mlflow.gateway.endpointId": endpointId };
  const type = requestWordsOf(requestType)?.mlflow;
  if (type !== undefined) metadata["mlflow.gateway.requestType"] = type;
  if (full.caller !== "") metadata["mlflow.gateway.caller"] = full.caller;
  if (full.session !== "") metadata["mlflow.trace.session"] = full.session;
  if (full.user !== "") metadata["mlflow.trace.user"] = full.user;
  if (full.run !== "") metadata["mlflow.sourceRun"] = full.run;
  if (full.username !== "") metadata["mlflow.auth.username"] = full.username;
  if (full.callerWorkspace !== "") metadata["twinspan.caller.workspace"] = full.callerWorkspace;
  return metadata;
}

/** The root has no totals: what was billed is the attempts', and a reader that sums spans must find it once. */
function rootOf(call: Call, twin: TwinSpan, full: FullTwin): Span {
  const { callerTraceId, passedOver } = full;
  return {
    ...spanOf(twin, full, 0),
    name: gatewaySpanNameOf(twin),
    kind: Span_SpanKind.SPAN_KIND_SERVER,
    attributes: attributesOf({
      ...gatewayAttributesOf(twin),
      "mlflow.message.format": full.messageFormat || undefined,
      "mlflow.gateway.caller": full.caller || undefined,
      "session.id": full.session || undefined,
      "user.id": full.user || undefined,
      "twinspan.caller.trace_id": callerTraceId.length === 0 ? undefined : traceNameOf(callerTraceId.toString("hex")),
      "twinspan.caller.span_id": full.callerSpanId.toString("hex") || undefined,
      "twinspan.attempts": call.attempts.length,
      "twinspan.passed_over": passedOver.length === 0 ? undefined : passedOver,
      "twinspan.queue_wait_nanos": full.queueWaitNanos,
      "twinspan.payload.keep": full.payloadKeep || undefined,
      ...payloadAttributesOf(full.spans[0]),
    }),
    links: mirrorLinkOf(full),
  };
}

function attemptOf(twin: TwinSpan, full: FullTwin, rootId: Buffer, place: number): Span {
  const own = full.spans[place];
  return {
    ...spanOf(twin, full, place),
    parentSpanId: rootId,
    name: attemptSpanNameOf(twin),
    kind: Span_SpanKind.SPAN_KIND_CLIENT,
    attributes: attributesOf({
      ...attemptAttributesOf(twin),
      ...totalsAttributesOf(twin.usage, twin.cost),
      "server.address": own?.serverAddress || undefined,
      "server.port": own?.serverPort || undefined,
      ...payloadAttributesOf(own),
    }),
  };
}

function spanOf({ errorType, startTimeUnixNano, endTimeUnixNano }: TwinSpan, full: FullTwin, place: number): Span {
  const isWell = errorType === ErrorType.ERROR_TYPE_UNSPECIFIED;
  return {
    traceId: full.traceId,
    spanId: full.spans[place]?.spanId ?? NO_ID,
    traceState: "",
    parentSpanId: NO_ID,
    flags: FLAGS_SAMPLED_RANDOM,
    name: "",
    kind: 0,
    startTimeUnixNano,
    endTimeUnixNano,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: isWell ? Status_StatusCode.STATUS_CODE_OK : Status_StatusCode.STATUS_CODE_ERROR, message: "" },
  };
}

function payloadAttributesOf(own: FullTwinSpan | undefined): Readonly<Record<string, AttributeValue>> {
  const { payloadRedactions = 0, payloadWithheld = [] } = own ?? {};
  return {
    "twinspan.payload.redactions": payloadRedactions || undefined,
    "twinspan.payload.withheld": payloadWithheld.length === 0 ? undefined : payloadWithheld,
  };
}

function mirrorLinkOf({ callerTraceId, mirrorSpanId }: FullTwin): Span["links"] {
  if (mirrorSpanId.length === 0) return [];
  const attributes = attributesOf({ "twinspan.link": "mirror" });
  return [
    { traceId: callerTraceId, spanId: mirrorSpanId, traceState: "", attributes, droppedAttributesCount: 0, flags: 0 },
  ];
}
