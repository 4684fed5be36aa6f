import { attributesOf } from "#lib/spans/attributes.ts";
import { InstrumentationScope } from "#proto/opentelemetry/proto/common/v1/common.ts";
import { Resource } from "#proto/opentelemetry/proto/resource/v1/resource.ts";
import type { ResourceSpans, Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Trace, TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { isPayload, isPayloadEvent } from "../spans/payload-attributes.ts";
import type { SpanOrigin } from "../spans/span-row.ts";
import { type GroupedSpan, storedSpansOf } from "./stored-spans.ts";

/** Where a span that counts is found: in which chunk of stored spans, and at which place. */
export interface SpanPlace {
  readonly spanId: string;
  readonly origin: SpanOrigin;
  readonly chunk: bigint;
  readonly position: number;
}

/** What a store holds of a trace. */
export interface StoredTrace {
  readonly info: TraceInfo;
  /** By start, then by span id. */
  readonly places: readonly SpanPlace[];
  /** The chunks that the places name, as `SpanBatch` has them. They may hold spans that no longer count. */
  readonly chunks: ReadonlyMap<bigint, Uint8Array>;
  /** The payload, in a full trace. Undefined: it was not asked for. */
  readonly payloads: readonly SpanPayload[] | undefined;
  /** Of a full trace, the gateway span of its mirror, where there is one: 16 hex digits. */
  readonly mirrorSpanId: string | undefined;
  /** The gateway spans of mirrors whose full trace is there. */
  readonly linkedMirrors: ReadonlySet<string>;
}

/**
 * A trace as readers see it, from what is stored. Neighbours of one resource and scope share a group, so that all
 * groups one after the other give the spans in order. Without `payloads` it holds no payload.
 */
export function traceOf(stored: StoredTrace, withPayload: boolean): Trace {
  const opened = new Map<bigint, readonly GroupedSpan[]>();
  const groups: ResourceSpans[] = [];
  let last: { readonly resource: string; readonly scope: string } | undefined;
  for (const { spanId, origin, chunk, position } of stored.places) {
    const bytes = stored.chunks.get(chunk);
    const spans = opened.get(chunk) ?? (bytes === undefined ? [] : storedSpansOf(bytes, origin));
    opened.set(chunk, spans);
    const found = spans[position];
    if (found === undefined) throw new Error(`span ${spanId} is not in chunk ${chunk}`);
    const keys = keysOf(found);
    const linked = withLinksOf(found.span, origin, stored);
    const span = withPayload ? withPayloadOf(linked, stored.payloads ?? []) : withoutPayload(linked);
    let group = groups.at(-1);
    if (group === undefined || keys.resource !== last?.resource) {
      group = { resource: found.resource.resource, scopeSpans: [], schemaUrl: found.resource.schemaUrl };
      groups.push(group);
      last = undefined;
    }
    const scope = last?.scope === keys.scope ? group.scopeSpans.at(-1) : undefined;
    if (scope !== undefined) scope.spans.push(span);
    else group.scopeSpans.push({ scope: found.scope.scope, spans: [span], schemaUrl: found.scope.schemaUrl });
    last = keys;
  }
  return {
    info: withPayload ? stored.info : { ...stored.info, requestPreview: "", responsePreview: "" },
    resourceSpans: groups,
    mirrorSpanIds: stored.places
      .filter(({ origin }) => origin === "mirror-gateway" || origin === "mirror-attempt")
      .map(({ spanId }) => Buffer.from(spanId, "hex")),
  };
}

/** Texts that are equal when resources, or scopes, are. */
function keysOf({ resource, scope }: GroupedSpan): { readonly resource: string; readonly scope: string } {
  const resourceBytes = resource.resource === undefined ? undefined : Resource.encode(resource.resource).finish();
  const scopeBytes = scope.scope === undefined ? undefined : InstrumentationScope.encode(scope.scope).finish();
  return {
    resource: `${latin1Of(resourceBytes)}\n${resource.schemaUrl}`,
    scope: `${latin1Of(scopeBytes)}\n${scope.schemaUrl}`,
  };
}

/**
 * The links as they stand. Of a full trace: one to a mirror that is not there would lead nowhere, and is left out. Of a
 * mirror: its full trace was there once, so the link says where it led, and that it is gone.
 */
function withLinksOf(span: Span, origin: SpanOrigin, { mirrorSpanId, linkedMirrors }: StoredTrace): Span {
  switch (origin) {
    case "full-gateway":
    case "full-attempt":
      return { ...span, links: span.links.filter(({ spanId }) => spanId.toString("hex") === mirrorSpanId) };
    case "mirror-gateway":
      return linkedMirrors.has(span.spanId.toString("hex")) ? span : { ...span, links: span.links.map(expired) };
    case "mirror-attempt":
    case "agent":
      return span;
  }
}

function expired(link: Span["links"][number]): Span["links"][number] {
  return { ...link, attributes: [...link.attributes, ...attributesOf({ "twinspan.link.expired": true })] };
}

function withPayloadOf(span: Span, payloads: readonly SpanPayload[]): Span {
  const payload = payloads.find(({ spanId }) => spanId.equals(span.spanId));
  if (payload === undefined) return span;
  const { inputs, outputs, errorText } = payload;
  const added = attributesOf({
    "mlflow.spanInputs": inputs.length === 0 ? undefined : inputs.toString("utf8"),
    "mlflow.spanOutputs": outputs.length === 0 ? undefined : outputs.toString("utf8"),
  });
  const shown = { ...span, attributes: [...span.attributes, ...added] };
  if (errorText === "" || span.status === undefined) return shown;
  const exception = {
    timeUnixNano: span.endTimeUnixNano,
    name: "exception",
    attributes: attributesOf({ "exception.message": errorText }),
    droppedAttributesCount: 0,
  };
  return { ...shown, status: { ...span.status, message: errorText }, events: [...span.events, exception] };
}

/** Without messages, tools and answers, and without texts of errors, which quote them. */
function withoutPayload(span: Span): Span {
  return {
    ...span,
    attributes: span.attributes.filter((attribute) => !isPayload(attribute)),
    events: span.events
      .filter(({ name }) => !isPayloadEvent(name))
      .map((event) => ({ ...event, attributes: event.attributes.filter((attribute) => !isPayload(attribute)) })),
    status: span.status && { ...span.status, message: "" },
  };
}

function latin1Of(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "-" : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
