import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import { attributeOf, spansOf } from "../traces/stored-traces.ts";
import type { Findings } from "./findings.ts";
import type { SeenCall } from "./make-call.ts";

/** What is stored of a call. */
export interface StoredCall {
  readonly call: SeenCall;
  readonly full: Trace | undefined;
  /** The trace of its caller, with what else is in it. */
  readonly agent: Trace | undefined;
}

const CANARIES = /canary-[0-9a-f]{16}/g;

/** Compares the twins of a call with what its caller saw, and with each other. Returns the mirror's spans. */
export function compareTwins({ call, full, agent }: StoredCall, findings: Findings): readonly Span[] {
  const { planned } = call;
  for (const [place, text] of [
    ["answer", call.body],
    ["full trace", textOf(full)],
  ] as const) {
    const others = text.match(CANARIES)?.filter((canary) => canary !== planned.canary) ?? [];
    if (others.length > 0) findings.add("foreign", `the ${place} of ${planned.id} holds another's words`);
  }
  const mirror = mirrorOf(call, agent);
  const [gateway, second] = mirror.filter(({ parentSpanId }) => parentSpanId.toString("hex") === planned.spanId);
  if (second !== undefined) findings.add("doubled", `${planned.id} has two mirrors`);
  if (textOf(mirror).includes(planned.canary)) findings.add("leaked", `the mirror of ${planned.id}`);
  if (full === undefined) {
    if (gateway !== undefined) findings.add("half", `${planned.id} has a mirror alone`);
    return mirror;
  }
  if (call.traceName !== undefined && call.traceName !== full.info?.traceId) {
    findings.add("foreign", `${planned.id} was told ${call.traceName}, and is ${full.info?.traceId}`);
  }
  if (spansOf(full).some(({ endTimeUnixNano }) => endTimeUnixNano === 0n)) findings.add("unended", planned.id);
  const isDue = planned.context === "sampled";
  if (isDue && gateway === undefined) findings.add("half", `${planned.id} has no mirror`);
  if (!isDue && gateway !== undefined) findings.add("foreign", `${planned.id} has a mirror that nobody asked for`);
  if (gateway !== undefined && !areTwins(spansOf(full), mirror)) findings.add("half", `${planned.id} has unlike twins`);
  return mirror;
}

/** The gateway's spans in the caller's trace that hang on the caller's span: first the gateway span, then its attempts. */
function mirrorOf({ planned }: SeenCall, agent: Trace | undefined): readonly Span[] {
  if (agent === undefined) return [];
  const ids = new Set(agent.mirrorSpanIds.map((id) => id.toString("hex")));
  const mirrored = spansOf(agent).filter(({ spanId }) => ids.has(spanId.toString("hex")));
  const gateways = mirrored.filter(({ parentSpanId }) => parentSpanId.toString("hex") === planned.spanId);
  const attempts = mirrored.filter((span) => gateways.some(({ spanId }) => spanId.equals(span.parentSpanId)));
  return [...gateways, ...attempts];
}

/** Whether they have the same times and outcomes, span by span, and lead to one another. */
function areTwins(full: readonly Span[], mirror: readonly Span[]): boolean {
  const [root] = full;
  const [gateway] = mirror;
  const linksTo = (from: Span | undefined, to: Span | undefined) =>
    from !== undefined && to !== undefined && from.links.some(({ spanId }) => spanId.equals(to.spanId));
  return factsOf(full) === factsOf(mirror) && linksTo(root, gateway) && linksTo(gateway, root);
}

function factsOf(spans: readonly Span[]): string {
  return spans
    .map((span) => `${span.name} ${span.startTimeUnixNano} ${span.endTimeUnixNano} ${attributeOf(span, "error.type")}`)
    .sort()
    .join("\n");
}

/** Everything that it holds, as text. */
function textOf(stored: Trace | readonly Span[] | undefined): string {
  return JSON.stringify(stored ?? "", (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}
