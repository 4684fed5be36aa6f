import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { traceNameOf } from "#lib/ids.ts";
import { type AttributeValue, attributesOf } from "#lib/spans/attributes.ts";
import {
  attemptAttributesOf,
  attemptSpanNameOf,
  gatewayAttributesOf,
  gatewaySpanNameOf,
  TWIN_RESOURCE,
  TWIN_SCHEMA_URL,
  TWIN_SCOPE,
} from "#lib/spans/twin-span.ts";
import { totalsAttributesOf } from "#lib/spans/usage.ts";
import { requestWordsOf } from "#lib/spans/words.ts";
import { writeAttributes } from "#lib/spans/write-attributes.ts";
import {
  ResourceSpans,
  ScopeSpans,
  Span,
  Span_SpanKind,
  Status_StatusCode,
} from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { FullTrace } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Attempt, Outcome, RecordedInvocation } from "../invocation.ts";
import { type KeptPayload, type KeptPayloads, payloadMarksOf } from "../payload/kept-payloads.ts";
import type { TwinSpan, TwinSpans } from "./twin-spans.ts";

/** W3C flags: sampled, and an id whose low 56 bits are random. */
const FLAGS_SAMPLED_RANDOM = 0x03;
/** The tags of `resource_spans` of a FullTrace, `scope_spans` of ResourceSpans, and `spans` of ScopeSpans. */
const RESOURCE_SPANS = (3 << 3) | 2;
const SCOPE_SPANS = (2 << 3) | 2;
const SPANS = (2 << 3) | 2;
/** What every full trace says of its resource and its scope. */
const RESOURCE = ResourceSpans.encode({
  resource: TWIN_RESOURCE,
  scopeSpans: [],
  schemaUrl: TWIN_SCHEMA_URL,
}).finish();
const SCOPE = ScopeSpans.encode({
  scope: TWIN_SCOPE,
  spans: [],
  schemaUrl: TWIN_SCHEMA_URL,
}).finish();
const NO_ID = Buffer.alloc(0);

/**
 * Writes the full trace of an invocation that has ended, a FullTrace without its payload (tracing.md §2). Its spans say what
 * the mirror's say, which are made from the same `twins`, and beside it what only the platform's team is told. It is written
 * as it is gone through: a message of it would be a hundred objects a call.
 */
export function writeFullTrace(
  writer: BinaryWriter,
  invocation: RecordedInvocation,
  outcome: Outcome,
  { gateway, attempts }: TwinSpans,
  kept: KeptPayloads,
): void {
  const { experiment, workspace } = invocation;
  const traceId = Buffer.from(invocation.traceId, "hex");
  const rootId = Buffer.from(invocation.spanId, "hex");
  const metadata = metadataOf(invocation);
  FullTrace.encode({ traceId, experiment, resourceSpans: undefined, metadata, workspace }, writer);
  writer.uint32(RESOURCE_SPANS).fork().raw(RESOURCE).uint32(SCOPE_SPANS).fork().raw(SCOPE);
  writer.uint32(SPANS).fork();
  const root = { traceId, spanId: rootId, parentSpanId: NO_ID, links: mirrorLinkOf(invocation) };
  writeSpan(writer, gateway, { ...root, name: gatewaySpanNameOf(gateway), kind: Span_SpanKind.SPAN_KIND_SERVER });
  writeRootAttributes(writer, invocation, outcome, gateway, kept);
  writer.join();
  for (const [index, { attempt, twin }] of attempts.entries()) {
    writer.uint32(SPANS).fork();
    const child = { traceId, spanId: Buffer.from(attempt.spanId, "hex"), parentSpanId: rootId, links: [] };
    writeSpan(writer, twin, { ...child, name: attemptSpanNameOf(twin), kind: Span_SpanKind.SPAN_KIND_CLIENT });
    writeAttemptAttributes(writer, attempt, twin, kept.attempts[index]);
    writer.join();
  }
  writer.join().join();
}

/** A span but for its attributes. */
function writeSpan(
  writer: BinaryWriter,
  { errorType, startTimeUnixNano, endTimeUnixNano }: TwinSpan,
  own: Pick<Span, "traceId" | "spanId" | "parentSpanId" | "name" | "kind" | "links">,
): void {
  const isWell = errorType === ErrorType.ERROR_TYPE_UNSPECIFIED;
  Span.encode(
    {
      ...own,
      traceState: "",
      flags: FLAGS_SAMPLED_RANDOM,
      startTimeUnixNano,
      endTimeUnixNano,
      attributes: [],
      droppedAttributesCount: 0,
      events: [],
      droppedEventsCount: 0,
      droppedLinksCount: 0,
      status: { code: isWell ? Status_StatusCode.STATUS_CODE_OK : Status_StatusCode.STATUS_CODE_ERROR, message: "" },
    },
    writer,
  );
}

/** The root has no totals: what was billed is the attempts', and a reader that sums spans must find it once. */
function writeRootAttributes(
  writer: BinaryWriter,
  { callerSpan, caller, messageFormat }: RecordedInvocation,
  outcome: Outcome,
  twin: TwinSpan,
  kept: KeptPayloads,
): void {
  writeAttributes(writer, gatewayAttributesOf(twin));
  writeAttributes(writer, {
    "mlflow.message.format": messageFormat,
    "mlflow.gateway.caller": caller.product,
    "session.id": caller.session,
    "user.id": caller.user,
    "twinspan.caller.trace_id": callerSpan && traceNameOf(callerSpan.traceId),
    "twinspan.caller.span_id": callerSpan?.spanId,
    "twinspan.attempts": outcome.attempts.length,
    "twinspan.passed_over": outcome.passedOver,
    "twinspan.queue_wait_nanos": outcome.waitedNanos,
    "twinspan.payload.keep": kept.keep === "full" ? undefined : kept.keep,
  });
  writeAttributes(writer, payloadAttributesOf(kept.root));
}

function writeAttemptAttributes(
  writer: BinaryWriter,
  { providerHost, providerPort }: Attempt,
  twin: TwinSpan,
  kept: KeptPayload | undefined,
): void {
  writeAttributes(writer, attemptAttributesOf(twin));
  writeAttributes(writer, totalsAttributesOf(twin.usage, twin.cost));
  writeAttributes(writer, { "server.address": providerHost, "server.port": providerPort });
  if (kept !== undefined) writeAttributes(writer, payloadAttributesOf(kept));
}

function payloadAttributesOf(kept: KeptPayload): Readonly<Record<string, AttributeValue>> {
  const { redactions, withheld } = payloadMarksOf(kept);
  return {
    "twinspan.payload.redactions": redactions || undefined,
    "twinspan.payload.withheld": withheld.length === 0 ? undefined : withheld,
  };
}

function mirrorLinkOf({ callerSpan, mirrorSpanId }: RecordedInvocation): Span["links"] {
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

function metadataOf({ endpointId, requestType, caller, username, callerWorkspace, workspace }: RecordedInvocation): {
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
