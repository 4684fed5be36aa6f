import type { DatabaseSync } from "node:sqlite";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { Filter } from "../../core/search/filter.ts";
import { matches, type SearchedTrace } from "../../core/search/filter-match.ts";
import { storedSpansOf } from "../../core/traces/stored-spans.ts";
import { integerIn, type Row, textIn } from "../columns.ts";
import type { BlockReads } from "./block-reads.ts";
import { facetIdsIn } from "./facet-table.ts";
import { type BatchOfTrace, openStoredBatches, placesOf } from "./stored-batches.ts";
import { openInfoReads } from "./trace-info.ts";

/** Looks at traces: of rows with `facets` and `INFO_COLUMNS`. */
export interface SearchedTraces {
  /**
   * What lists show of a trace. Undefined: it does not pass the filter. Previews and spans are read when the filter
   * asks for them. It yields where one can stop in between: a trace may be in thousands of batches. `onSpans` hears how
   * many spans were read.
   */
  look(row: Row, filter: Filter, onSpans: (spans: number) => void): Generator<void, TraceInfo | undefined, void>;
}

/** Prepares it, of a file that is open for reading. */
export function openSearchedTraces(db: DatabaseSync, blocks: BlockReads): SearchedTraces {
  const facet = db.prepare("SELECT name, value FROM facet_values WHERE id = ?");
  const readInfo = openInfoReads(db, blocks);
  const batchesOf = openStoredBatches(db, blocks);
  return {
    *look(row, filter, onSpans) {
      const { bare: info, previews } = readInfo(row);
      let asksForSpans = false;
      const trace: SearchedTrace = {
        info,
        facets: facetIdsIn(row).map((id) => {
          const found = facet.get(id) ?? {};
          return { name: textIn(found, "name"), value: textIn(found, "value") };
        }),
        previews,
        spans() {
          asksForSpans = true;
          return [];
        },
      };
      let passes = matches(filter, trace);
      if (asksForSpans) {
        const batches: BatchOfTrace[] = [];
        for (const batch of batchesOf(integerIn(row, "ref"))) {
          batches.push(batch);
          yield;
        }
        const spans = spansIn(batches);
        onSpans(spans.length);
        passes = matches(filter, { ...trace, spans: () => spans });
      }
      return passes ? { ...info, ...previews() } : undefined;
    },
  };
}

function spansIn(batches: readonly BatchOfTrace[]): readonly Span[] {
  const places = placesOf(batches);
  const origins = new Map(places.map(({ chunk, origin }) => [chunk, origin]));
  const spans = new Map(
    batches.map(({ id, spans }) => [id, storedSpansOf(spans, origins.get(id) ?? "agent")] as const),
  );
  return places.flatMap(({ chunk, position }) => spans.get(chunk)?.[position]?.span ?? []);
}
