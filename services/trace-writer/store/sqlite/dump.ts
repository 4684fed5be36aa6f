import type { DatabaseSync } from "node:sqlite";
import { hexIn, integerIn, type Row, textIn } from "../columns.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";
import { pageLengthOf, type TraceDump } from "../trace-moves.ts";
import { mirrorGatewayIn, rowsAt, type TwinName, type WholeBatch, type WholeTrace } from "../whole-trace.ts";
import type { BlockReads } from "./block-reads.ts";
import { heldOf } from "./held-spans.ts";
import { type BatchOfTrace, openStoredBatches, recordMetadataIn } from "./stored-batches.ts";
import { payloadOfBatch } from "./stored-payload.ts";
import { SELECT_TRACE, traceIn } from "./trace-table.ts";

/** Reads pages of traces, as `TraceMoves.dumpTraces` says. A position is whether full traces are read, and a trace. */
export type DumpTraces = (after: string | undefined, limit: number) => TraceDump;

const POSITION = /^([01])-(\d{1,18})$/;

/** Prepares dumping a file that is open for reading. It is read from its beginning to its end, twice. */
export function openDump(db: DatabaseSync, blocks: BlockReads): DumpTraces {
  const page = db.prepare(`${SELECT_TRACE} WHERE ref > ? AND sealed = ? AND start_ns > 0 ORDER BY ref LIMIT ?`);
  const storedBatchesOf = openStoredBatches(db, blocks);
  const mirror = db.prepare(`
    SELECT workspace, trace_id, span_id, mirror_links.start_ns AS at FROM mirror_links
    JOIN traces ON traces.ref = mirror_ref WHERE full_ref = ?`);
  const fulls = db.prepare(`
    SELECT workspace, trace_id, span_id FROM mirror_links JOIN traces ON traces.ref = full_ref WHERE mirror_ref = ?`);

  const batchesOf = ({ ref, sealed }: WorkingTrace, stored: readonly BatchOfTrace[]): readonly WholeBatch[] => {
    const fullOf = new Map(sealed ? [] : fulls.all(ref).map((row) => [hexIn(row, "span_id"), twinIn(row)]));
    const held = heldOf(stored, blocks);
    return stored.flatMap(({ id, experiment, spans }) => {
      const batch = held.batches.get(id);
      if (batch === undefined) return [];
      const placed = Array.from(batch.rows.values(), ({ row, position }) => {
        const { experiment: _, ...whole } = row;
        return { row: whole, position };
      });
      const rows = rowsAt(placed.toSorted((a, b) => a.position - b.position));
      const gateway = mirrorGatewayIn({ rows });
      return { experiment, rows, bytes: spans, full: gateway && fullOf.get(gateway.spanId) };
    });
  };
  const fullOf = ({ ref, recordHash = "" }: WorkingTrace, stored: readonly BatchOfTrace[]): WholeTrace["full"] => {
    // A full trace has one batch.
    const [batch] = stored;
    const link = mirror.get(ref);
    return {
      hash: recordHash,
      metadata: batch === undefined ? {} : recordMetadataIn(batch.spans),
      payload: batch && payloadOfBatch(batch, blocks),
      mirror: link && { ...twinIn(link), spanId: hexIn(link, "span_id"), startNs: integerIn(link, "at") },
    };
  };
  return (after, limit) => {
    const [, phase = "0", last = "0"] = POSITION.exec(after ?? "") ?? [];
    const found = page.all(last, Number(phase), limit).map(traceIn);
    const read = found.slice(0, pageLengthOf(found.map(({ bytes }) => bytes)));
    const traces = read.map((trace) => {
      const stored = [...storedBatchesOf(trace.ref)];
      return {
        workspace: trace.workspace,
        traceId: trace.traceId,
        full: trace.sealed ? fullOf(trace, stored) : undefined,
        batches: batchesOf(trace, stored),
        claim: trace.claim,
        tagEdits: trace.tagEdits,
      };
    });
    const end = read.at(-1)?.ref;
    if (end !== undefined) return { traces, next: `${phase}-${end}` };
    return { traces, next: phase === "0" ? "1-0" : undefined };
  };
}

function twinIn(row: Row): TwinName {
  return { workspace: textIn(row, "workspace"), traceId: hexIn(row, "trace_id") };
}
