import { attributesOf } from "#lib/spans/attributes.ts";
import { spelledOut } from "#lib/spans/spelled-out.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { ResourceSpans, ScopeSpans, Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { mirrorSpansOf } from "../records/mirror-spans.ts";
import type { SpanOrigin } from "../spans/span-row.ts";

/** A span with the group that it came in. */
export interface GroupedSpan {
  readonly span: Span;
  readonly resource: ResourceSpans;
  readonly scope: ScopeSpans;
}

/** The spans in the bytes of a `SpanBatch`, in the order of its rows. All spans of a batch are of one origin's kind. */
export function storedSpansOf(bytes: Uint8Array, origin: SpanOrigin): readonly GroupedSpan[] {
  return groupsIn(bytes, origin).flatMap((resource) =>
    resource.scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ span, resource, scope }))),
  );
}

function groupsIn(bytes: Uint8Array, origin: SpanOrigin): readonly ResourceSpans[] {
  switch (origin) {
    case "agent":
      return ExportTraceServiceRequest.decode(bytes).resourceSpans;
    case "full-gateway":
    case "full-attempt":
      return markedGroupsOf(spelledOut(InvocationRecord.decode(bytes)));
    case "mirror-gateway":
    case "mirror-attempt": {
      const { mirror } = spelledOut(InvocationRecord.decode(bytes));
      return mirror === undefined ? [] : [mirrorSpansOf(mirror)];
    }
  }
}

/** The spans of a full trace, marked with what became of their payload: so readers who are not shown it know of it. */
function markedGroupsOf({ full, payloads, payloadShed }: InvocationRecord): readonly ResourceSpans[] {
  const group = full?.resourceSpans;
  if (group === undefined) return [];
  const marked = (span: Span, index: number): Span => {
    const marks = attributesOf({
      "twinspan.payload.shed": (payloadShed && index === 0) || undefined,
      "twinspan.payload.truncated": payloads.find(({ spanId }) => spanId.equals(span.spanId))?.truncated || undefined,
    });
    return { ...span, attributes: [...span.attributes, ...marks] };
  };
  return [{ ...group, scopeSpans: group.scopeSpans.map((scope) => ({ ...scope, spans: scope.spans.map(marked) })) }];
}
