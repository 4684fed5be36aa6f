import type { DatabaseSync } from "node:sqlite";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { SearchedTrace } from "../../core/filter-match.ts";
import { storedSpansOf } from "../../core/stored-spans.ts";
import { bytesIn, integerIn, type Row, textIn } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import { unpack } from "../packing.ts";
import { facetIdsIn } from "./facet-table.ts";
import { originIn } from "./span-table.ts";

/** Gives a filter what it asks of a trace: of a row with `ref`, `info` and `facets`. Spans are read once, when asked for. */
export interface SearchedTraces {
  /** `onSpans` hears how many spans were read. */
  of(row: Row, onSpans: (spans: number) => void): SearchedTrace;
}

/** Prepares them, of a file that is open for reading. */
export function openSearchedTraces(db: DatabaseSync): SearchedTraces {
  const facet = db.prepare("SELECT name, value FROM facet_values WHERE id = ?");
  const places = db.prepare("SELECT origin, chunk, position FROM spans WHERE trace_ref = ? ORDER BY start_ns, span_id");
  const chunk = db.prepare("SELECT bytes FROM chunks WHERE id = ?");
  const spansOf = (ref: bigint): readonly Span[] => {
    const rows = places.all(ref);
    const origins = new Map(rows.map((row) => [integerIn(row, "chunk"), originIn(row)]));
    const chunks = new Map(
      Array.from(origins, ([id, origin]) => {
        const bytes = unpack(bytesIn(chunk.get(id) ?? {}, "bytes"));
        return [id, storedSpansOf(bytes, origin)] as const;
      }),
    );
    return rows.flatMap((row) => chunks.get(integerIn(row, "chunk"))?.[Number(integerIn(row, "position"))]?.span ?? []);
  };
  return {
    of(row, onSpans) {
      let spans: readonly Span[] | undefined;
      return {
        info: infoIn(row),
        facets: facetIdsIn(row).map((id) => {
          const found = facet.get(id) ?? {};
          return { name: textIn(found, "name"), value: textIn(found, "value") };
        }),
        spans() {
          if (spans === undefined) {
            spans = spansOf(integerIn(row, "ref"));
            onSpans(spans.length);
          }
          return spans;
        },
      };
    },
  };
}
