import type { RejectReason } from "../../core/spans/span-check.ts";
import { conflictOf } from "../../core/spans/span-order.ts";
import type { StoredSpanRow } from "../../core/spans/span-row.ts";
import type { BytesPlace, SpanTable } from "./tables.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** What became of one span. */
type SettledSpan = "stored" | "replaced" | "repeated" | "lost" | "mirror_span" | "trace_full";

/** Stores one span, or settles what becomes of it where its id is taken or, `isFull`, the trace has no room for it. */
export function settleSpan(
  spans: SpanTable,
  trace: WorkingTrace,
  arriving: StoredSpanRow,
  place: BytesPlace,
  isFull: boolean,
): SettledSpan {
  if (!isFull && spans.insert(trace.ref, arriving, place)) {
    trace.known?.rows.push(arriving);
    return "stored";
  }
  const stored = spans.find(trace.ref, arriving.spanId);
  if (stored === undefined && isFull) return "trace_full";
  if (stored === undefined) throw new Error("a span's id is taken, and there is no row of that id");
  switch (conflictOf(stored.row, arriving)) {
    case "duplicate":
      return "repeated";
    case "loses":
      return stored.row.origin === "agent" ? "lost" : "mirror_span";
    case "replaces":
      trace.bytes -= spans.replace(trace.ref, arriving, place, stored.chunk);
      trace.known = undefined;
      return "replaced";
  }
}

/** Of how many spans each became. */
type SettledSpans = Record<SettledSpan, number>;

/** Of none yet. */
export function noneSettled(): SettledSpans {
  return { stored: 0, replaced: 0, repeated: 0, lost: 0, mirror_span: 0, trace_full: 0 };
}

/** Why some were not stored, and how many. */
export function rejectionsOf(settled: SettledSpans): ReadonlyMap<RejectReason, number> {
  const rejected = new Map<RejectReason, number>();
  for (const reason of ["mirror_span", "trace_full"] as const) {
    if (settled[reason] > 0) rejected.set(reason, settled[reason]);
  }
  return rejected;
}
