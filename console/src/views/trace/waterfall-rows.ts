import { spanTypeOf } from "#lib/spans/meanings.ts";
import { readAttributes } from "#lib/spans/read-attributes.ts";
import { type SpanFacts, spanFactsOf } from "#lib/traces/span-facts.ts";
import { placedSpansOf, spansOf } from "#lib/traces/span-tree.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";

/** What a span is drawn as. */
export type SpanTone = "full" | "mirror" | "model" | "tool" | "agent" | "search" | "step";

/** A span in a waterfall. */
export interface WaterfallRow {
  /** The span's id in hex. */
  readonly id: string;
  readonly span: Span;
  readonly facts: SpanFacts;
  /** Its kind of work, as one of MLflow's types. Empty: it says none. */
  readonly type: string;
  readonly tone: SpanTone;
  /** Whether the store knows it as a mirror. What it says of itself proves nothing. */
  readonly isMirror: boolean;
  readonly depth: number;
  /** How many spans are below it; they follow it. */
  readonly below: number;
}

/** A moment from which something lasts, both in nanoseconds. */
export interface TimeWindow {
  readonly startNanos: bigint;
  readonly durationNanos: bigint;
}

/** The spans of a trace as rows: each under its parent. */
export function waterfallRowsOf(trace: Trace): readonly WaterfallRow[] {
  const mirrors = new Set(trace.mirrorSpanIds.map((id) => id.toString("hex")));
  const sealed = trace.info?.sealed ?? false;
  return placedSpansOf(spansOf(trace)).map(({ span, depth, below }) => {
    const id = span.spanId.toString("hex");
    const isMirror = mirrors.has(id);
    const type = spanTypeOf(readAttributes(span.attributes)) ?? "";
    const tone = isMirror ? "mirror" : sealed && depth === 0 ? "full" : (TONES.get(type) ?? "step");
    return { id, span, facts: spanFactsOf(span), type, tone, isMirror, depth, below };
  });
}

const TONES: ReadonlyMap<string, SpanTone> = new Map([
  ["LLM", "model"],
  ["CHAT_MODEL", "model"],
  ["EMBEDDING", "model"],
  ["TOOL", "tool"],
  ["AGENT", "agent"],
  ["RETRIEVER", "search"],
  ["RERANKER", "search"],
]);

/** Without what is below those that are collapsed. */
export function expandedRows(rows: readonly WaterfallRow[], collapsed: ReadonlySet<string>): readonly WaterfallRow[] {
  const shown: WaterfallRow[] = [];
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at];
    if (row === undefined) break;
    shown.push(row);
    if (collapsed.has(row.id)) at += row.below;
  }
  return shown;
}

/** The time that spans take together. Without spans it is none. */
export function windowOf(rows: readonly WaterfallRow[]): TimeWindow {
  const starts = rows.map(({ span }) => span.startTimeUnixNano);
  const startNanos = starts.reduce((least, start) => (start < least ? start : least), starts[0] ?? 0n);
  const endNanos = rows.reduce(
    (most, { span }) => (span.endTimeUnixNano > most ? span.endTimeUnixNano : most),
    startNanos,
  );
  return { startNanos, durationNanos: endNanos - startNanos };
}

/** Where something stands in a window: its left edge and its width as shares of it, within it. */
export function placeIn(
  { startNanos, durationNanos }: TimeWindow,
  fromNanos: bigint,
  toNanos: bigint,
): { readonly left: number; readonly width: number } {
  if (durationNanos === 0n) return { left: 0, width: 1 };
  const share = (nanos: bigint) => Math.max(0, Math.min(1, Number(nanos - startNanos) / Number(durationNanos)));
  const left = share(fromNanos);
  return { left, width: Math.max(0, share(toNanos) - left) };
}

/** Milliseconds at which an axis has its lines: round ones, at most `countMax` after the first, which is 0. */
export function ticksOf(durationMs: number, countMax: number): readonly number[] {
  if (!(durationMs > 0)) return [0];
  const rough = durationMs / countMax;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((figure) => figure * power).find((fitting) => fitting >= rough) ?? rough;
  return Array.from({ length: Math.floor(durationMs / step) + 1 }, (_, index) => index * step);
}
