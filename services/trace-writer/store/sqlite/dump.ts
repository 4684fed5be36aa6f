import type { DatabaseSync } from "node:sqlite";
import { bytesIn, hexIn, integerIn, type Row, textIn } from "../columns.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";
import { unpack } from "../packing.ts";
import { pageLengthOf, type TraceDump } from "../trace-moves.ts";
import { mirrorGatewayIn, rowsAt, type TwinName, type WholeBatch, type WholeTrace } from "../whole-trace.ts";
import { openSpanPreviews } from "./span-previews.ts";
import { SELECT_SPANS, spanRowIn } from "./span-table.ts";
import { SELECT_TRACE, traceIn } from "./trace-table.ts";

/** Reads pages of traces, as `TraceMoves.dumpTraces` says. A position is whether full traces are read, and a trace. */
export type DumpTraces = (after: string | undefined, limit: number) => TraceDump;

const POSITION = /^([01])-(\d{1,18})$/;

/** Prepares dumping a file that is open for reading. It is read from its beginning to its end, twice. */
export function openDump(db: DatabaseSync): DumpTraces {
  const page = db.prepare(`${SELECT_TRACE} WHERE ref > ? AND sealed = ? AND start_ns > 0 ORDER BY ref LIMIT ?`);
  const spans = db.prepare(`${SELECT_SPANS} WHERE trace_ref = ? ORDER BY chunk, position`);
  const chunk = db.prepare("SELECT bytes FROM chunks WHERE id = ?");
  const payload = db.prepare("SELECT bytes FROM payloads WHERE trace_ref = ?");
  const mirror = db.prepare(`
    SELECT workspace, trace_id, span_id, mirror_links.start_ns AS at FROM mirror_links
    JOIN traces ON traces.ref = mirror_ref WHERE full_ref = ?`);
  const fulls = db.prepare(`
    SELECT workspace, trace_id, span_id FROM mirror_links JOIN traces ON traces.ref = full_ref WHERE mirror_ref = ?`);
  const previewsOf = openSpanPreviews(db);

  const batchesOf = ({ ref, sealed }: WorkingTrace): readonly WholeBatch[] => {
    const fullOf = new Map(sealed ? [] : fulls.all(ref).map((row) => [hexIn(row, "span_id"), twinIn(row)]));
    const byChunk = Map.groupBy(spans.all(ref), (row) => integerIn(row, "chunk"));
    return Array.from(byChunk, ([id, found]) => {
      const placed = found.map((row) => {
        const { experiment, ...stored } = spanRowIn(row);
        const whole = { ...stored, ...previewsOf(ref, { ...stored, experiment }, row) };
        return { experiment, row: whole, position: Number(integerIn(row, "position")) };
      });
      const rows = rowsAt(placed);
      const gateway = mirrorGatewayIn({ rows });
      return {
        experiment: placed[0]?.experiment,
        rows,
        bytes: unpack(bytesIn(chunk.get(id) ?? {}, "bytes")),
        full: gateway && fullOf.get(gateway.spanId),
      };
    });
  };
  const fullOf = ({ ref, recordHash = "", metadata }: WorkingTrace): WholeTrace["full"] => {
    const [kept, link] = [payload.get(ref), mirror.get(ref)];
    return {
      hash: recordHash,
      metadata,
      payload: kept && unpack(bytesIn(kept, "bytes")),
      mirror: link && { ...twinIn(link), spanId: hexIn(link, "span_id"), startNs: integerIn(link, "at") },
    };
  };
  return (after, limit) => {
    const [, phase = "0", last = "0"] = POSITION.exec(after ?? "") ?? [];
    const found = page.all(last, Number(phase), limit).map(traceIn);
    const read = found.slice(0, pageLengthOf(found.map(({ bytes }) => bytes)));
    const traces = read.map((trace) => ({
      workspace: trace.workspace,
      traceId: trace.traceId,
      full: trace.sealed ? fullOf(trace) : undefined,
      batches: batchesOf(trace),
      claim: trace.claim,
      tagEdits: trace.tagEdits,
    }));
    const end = read.at(-1)?.ref;
    if (end !== undefined) return { traces, next: `${phase}-${end}` };
    return { traces, next: phase === "0" ? "1-0" : undefined };
  };
}

function twinIn(row: Row): TwinName {
  return { workspace: textIn(row, "workspace"), traceId: hexIn(row, "trace_id") };
}
