import { attributesOf } from "#lib/spans/attributes.ts";
import { spelledOut } from "#lib/spans/spelled-out.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { type Span, Span_SpanKind, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { callOf } from "../traffic/call.ts";
import { conditionsAt } from "../traffic/incident.ts";
import { createRandom, type Random } from "../traffic/random.ts";
import { CALLERS, ENDPOINTS } from "../traffic/world.ts";
import { proseOf } from "./prose.ts";
import { SESSION, type Template, templateOf } from "./stamp.ts";

/** What is written: each message has four spans, and about 2 KB of payload for each of them. */
export interface Templates {
  /** Records of calls: a full trace and a mirror, two spans each. */
  readonly records: readonly Template[];
  /** Traces of agents, each in one export: a root, and three model calls of its own below. */
  readonly traces: readonly Template[];
  /** The span under which an agent made the call of a record: it adopts the mirror. */
  readonly owners: readonly Template[];
  /** The payload of a record, and of an agent's trace, in bytes, on average. */
  readonly recordPayloadBytes: number;
  readonly tracePayloadBytes: number;
}

/** So many of each are told apart; two that are the same are far from each other, and nothing is compressed across traces. */
const VARIANTS = 1_009;
/** When templates happen, in nanoseconds since the Unix epoch. */
export const TEMPLATE_NS = 1_780_000_000_000_000_000n;
/** A record holds one payload: what was asked and answered. */
const ASKED = 6_000;
const ANSWERED = 1_900;
const SPAN_ASKED = 1_400;
const SPAN_ANSWERED = 600;
const RECORD_SPANS = 4;
const SEED = 7;

/** Makes them up: the same each time. */
export function createTemplates(): Templates {
  const records = Array.from({ length: VARIANTS }, (_, variant) => recordTemplateOf(variant));
  const traces = Array.from({ length: VARIANTS }, (_, variant) => traceTemplateOf(createRandom(SEED, 2, variant)));
  return {
    records: records.map(({ template }) => template),
    owners: records.map(({ owner }) => owner),
    traces: traces.map(({ template }) => template),
    recordPayloadBytes: meanOf(records.map(({ payloadBytes }) => payloadBytes)),
    tracePayloadBytes: meanOf(traces.map(({ payloadBytes }) => payloadBytes)),
  };
}

/** The call of a variant: one that was answered at once, so that it has as many spans as the others. */
function recordTemplateOf(variant: number) {
  const random = createRandom(SEED, 1, variant);
  const usual = conditionsAt(TEMPLATE_NS + 30n * 86_400_000_000_000n, TEMPLATE_NS);
  for (;;) {
    const endpoint = random.pickWeighted(ENDPOINTS);
    const callerSpan = { traceId: random.hex(16), spanId: random.hex(8) };
    const { record } = callOf(
      random,
      {
        atNs: TEMPLATE_NS,
        endpoint,
        product: random.pickWeighted(CALLERS).product,
        session: SESSION,
        user: `user-${random.below(4_000)}`,
        callerSpan,
        experiment: undefined,
        say: (chance, _topic, part) => proseOf(chance, part === "asked" ? ASKED : ANSWERED),
      },
      usual,
    );
    const { full, mirror, payloads } = spelledOut(InvocationRecord.decode(record));
    const spans = [...(full?.resourceSpans?.scopeSpans[0]?.spans ?? []), ...(mirror?.spans ?? [])];
    if (full === undefined || spans.length !== RECORD_SPANS) continue;
    const times = spans.flatMap(({ startTimeUnixNano, endTimeUnixNano }) => [startTimeUnixNano, endTimeUnixNano]);
    const payloadBytes = payloads.reduce((sum, { inputs, outputs }) => sum + inputs.length + outputs.length, 0);
    const ids = { full: full.traceId.toString("hex"), agent: callerSpan.traceId };
    return { template: templateOf(record, ids, times), owner: ownerTemplateOf(callerSpan, times), payloadBytes };
  }
}

function ownerTemplateOf(callerSpan: { traceId: string; spanId: string }, times: readonly bigint[]): Template {
  const endNs = times.reduce((last, ns) => (ns > last ? ns : last)) + 1_000_000n;
  const root = { ...callerSpan, parent: "", name: "agent", startNs: TEMPLATE_NS, endNs };
  const bytes = exportOf([spanOf(root, { "gen_ai.operation.name": "invoke_agent", "session.id": SESSION })]);
  return templateOf(bytes, { agent: callerSpan.traceId }, [TEMPLATE_NS, endNs]);
}

function traceTemplateOf(random: Random) {
  const traceId = random.hex(16);
  const root = random.hex(8);
  const endNs = TEMPLATE_NS + BigInt(Math.round(random.around(4e9, 0.5)));
  let payloadBytes = 0;
  const said = () => {
    const asked = JSON.stringify([{ role: "user", content: proseOf(random, SPAN_ASKED) }]);
    const answered = JSON.stringify([{ role: "assistant", content: proseOf(random, SPAN_ANSWERED) }]);
    payloadBytes += asked.length + answered.length;
    return { "gen_ai.input.messages": asked, "gen_ai.output.messages": answered };
  };
  const calls = [1n, 2n, 3n].map((place) => {
    const { provider, model, answersAs } = random.pickWeighted(ENDPOINTS).models[0];
    const startNs = TEMPLATE_NS + place * 10_000_000n;
    return spanOf(
      { traceId, spanId: random.hex(8), parent: root, name: `chat ${model}`, startNs, endNs: startNs + 9_000_000n },
      {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.response.model": answersAs,
        "gen_ai.usage.input_tokens": 300 + random.below(4_000),
        "gen_ai.usage.output_tokens": 20 + random.below(900),
        ...said(),
      },
    );
  });
  const about = {
    "gen_ai.operation.name": "invoke_agent",
    "session.id": SESSION,
    "user.id": `user-${random.below(4_000)}`,
  };
  const top = spanOf(
    { traceId, spanId: root, parent: "", name: "agent", startNs: TEMPLATE_NS, endNs },
    { ...about, ...said() },
  );
  const spans = [top, ...calls];
  const times = spans.flatMap(({ startTimeUnixNano, endTimeUnixNano }) => [startTimeUnixNano, endTimeUnixNano]);
  return { template: templateOf(exportOf(spans), { agent: traceId }, times), payloadBytes };
}

interface SpanFacts {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

function spanOf(
  { traceId, spanId, parent, name, startNs, endNs }: SpanFacts,
  said: Parameters<typeof attributesOf>[0],
): Span {
  return {
    traceId: Buffer.from(traceId, "hex"),
    spanId: Buffer.from(spanId, "hex"),
    traceState: "",
    parentSpanId: Buffer.from(parent, "hex"),
    flags: 0x101,
    name,
    kind: Span_SpanKind.SPAN_KIND_INTERNAL,
    startTimeUnixNano: startNs,
    endTimeUnixNano: endNs,
    attributes: attributesOf(said),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: Status_StatusCode.STATUS_CODE_OK, message: "" },
  };
}

/** One resource: several of these one after the other are one export. */
function exportOf(spans: Span[]): Buffer {
  const resource = { attributes: attributesOf({ "service.name": "agent" }), droppedAttributesCount: 0, entityRefs: [] };
  const scope = { name: "agent", version: "", attributes: [], droppedAttributesCount: 0 };
  const scopeSpans = [{ scope, spans, schemaUrl: "" }];
  return Buffer.from(
    ExportTraceServiceRequest.encode({ resourceSpans: [{ resource, scopeSpans, schemaUrl: "" }] }).finish(),
  );
}

function meanOf(figures: readonly number[]): number {
  return Math.round(figures.reduce((sum, figure) => sum + figure, 0) / figures.length);
}
