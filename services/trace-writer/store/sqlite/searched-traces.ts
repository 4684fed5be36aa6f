import type { DatabaseSync } from "node:sqlite";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { SearchedTrace } from "../../core/search/filter-match.ts";
import { storedSpansOf } from "../../core/traces/stored-spans.ts";
import { integerIn, type Row, textIn } from "../columns.ts";
import type { BlockReads } from "./block-reads.ts";
import { facetIdsIn } from "./facet-table.ts";
import { openStoredBatches, placesOf } from "./stored-batches.ts";
import { infoIn } from "./trace-info.ts";

/** Gives a filter what it asks of a trace: of a row with `ref`, `facets` and `INFO_COLUMNS`. Spans are read once, when asked for. */
export interface SearchedTraces {
  /** `onSpans` hears how many spans were read. */
  of(row: Row, onSpans: (spans: number) => void): SearchedTrace;
}

/** Prepares them, of a file that is open for reading. */
export function openSearchedTraces(db: DatabaseSync, blocks: BlockReads): SearchedTraces {
  const facet = db.prepare("SELECT name, value FROM facet_values WHERE id = ?");
  const batchesOf = openStoredBatches(db, blocks);
  const spansOf = (ref: bigint): readonly Span[] => {
    const batches = batchesOf(ref);
    const places = placesOf(batches);
    const origins = new Map(places.map(({ chunk, origin }) => [chunk, origin]));
    const spans = new Map(
      batches.map(({ id, spans }) => [id, storedSpansOf(spans, origins.get(id) ?? "agent")] as const),
    );
    return places.flatMap(({ chunk, position }) => spans.get(chunk)?.[position]?.span ?? []);
  };
  return {
    of(row, onSpans) {
      let spans: readonly Span[] | undefined;
      return {
        info: infoIn(row, blocks),
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
