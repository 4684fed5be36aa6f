import { conflictOf } from "../../core/span-order.ts";
import type { StoredSpanRow } from "../../core/span-row.ts";
import type { SpanTable } from "./span-table.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** What became of one span. */
export type SettledSpan = "stored" | "replaced" | "repeated" | "lost" | "mirror_span" | "trace_full";

/** Stores one span, or settles what becomes of it where its id is taken or, `isFull`, the trace has no room for it. */
export function settleSpan(
  spans: SpanTable,
  trace: WorkingTrace,
  arriving: StoredSpanRow,
  place: { readonly chunk: bigint; readonly position: number },
  isFull: boolean,
): SettledSpan {
  const experimentId = arriving.experiment?.id;
  if (!isFull && spans.insert(trace.ref, arriving, experimentId, place)) {
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
      trace.bytes -= spans.replace(trace.ref, arriving, experimentId, place, stored.chunk);
      trace.known = undefined;
      return "replaced";
  }
}
