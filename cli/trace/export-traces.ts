import { formatOtlpSpans } from "#lib/otlp-json/format-otlp-spans.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceReader } from "./trace-reader.ts";

/** A trace that was looked at: its line with a line break, or why there is none. */
export type ExportedTrace =
  | { readonly kind: "line"; readonly line: string }
  /** A claim alone: there are no spans yet. */
  | { readonly kind: "empty" }
  /** It was deleted meanwhile. */
  | { readonly kind: "gone" };

/** So many traces are read at once. */
const AT_ONCE = 8;

/**
 * The traces of an experiment as lines of an OTLP file, the oldest first. Paged by key: traces that come or go
 * meanwhile neither repeat nor hide another.
 */
export async function* exportTraces(
  reader: TraceReader,
  experimentId: string,
  view: TraceView,
): AsyncGenerator<ExportedTrace> {
  for await (const page of reader.pages({
    experimentIds: [experimentId],
    pending: false,
    orderBy: "timestamp_ms ASC",
  })) {
    for (let at = 0; at < page.length; at += AT_ONCE) {
      yield* await Promise.all(page.slice(at, at + AT_ONCE).map(({ traceId }) => exportedOf(reader, traceId, view)));
    }
  }
}

async function exportedOf(reader: TraceReader, traceId: string, view: TraceView): Promise<ExportedTrace> {
  try {
    const { resourceSpans } = await reader.trace(traceId, view);
    if (resourceSpans.length === 0) return { kind: "empty" };
    return { kind: "line", line: `${formatOtlpSpans(resourceSpans)}\n` };
  } catch (error) {
    if (error instanceof ServiceError && error.kind === "not_found") return { kind: "gone" };
    throw error;
  }
}
