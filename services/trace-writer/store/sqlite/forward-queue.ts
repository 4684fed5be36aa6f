import type { DatabaseSync } from "node:sqlite";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import type { SpanPlace } from "../../core/traces/trace-assembly.ts";
import { hexIn, integerIn, optionalIntegerIn, type Row, textIn } from "../columns.ts";
import type { Backlog, Forward, ForwardItem, ForwardQueue, Trimmed } from "../forward-queue.ts";
import type { ForwardRemoval } from "./forward-table.ts";

/** Carries a removal out, and resolves when it is durable. */
type Remove = (removal: ForwardRemoval) => Promise<Trimmed>;

/** Reads a trace as it is stored now: of its spans those for which `counts` holds. */
type ReadTrace = (
  forward: Pick<Forward, "workspace" | "traceId">,
  withPayload: boolean,
  counts: (place: SpanPlace) => boolean,
) => Promise<Trace | undefined>;

/** What waits to be forwarded, over a file that is open for reading and the way to its writer. */
export function openForwardQueue(db: DatabaseSync, readTrace: ReadTrace, remove: Remove): ForwardQueue {
  const next = db.prepare("SELECT * FROM forwards WHERE destination = ? ORDER BY seq LIMIT ?");
  const count = db.prepare("SELECT count(*) AS items FROM forwards WHERE destination = ?");
  const oldest = db.prepare("SELECT added_ms FROM forwards WHERE destination = ? ORDER BY seq LIMIT 1");
  return {
    async next(destination, itemsMax) {
      const rows = next.all(destination, itemsMax);
      const byTrace = Map.groupBy(rows, (row) => `${textIn(row, "workspace")}\n${hexIn(row, "trace_id")}`);
      return [...byTrace.values()].map(forwardIn);
    },
    async read(forward, withPayload) {
      const { items } = forward;
      const whole = items.filter(({ chunk }) => chunk === undefined);
      const chunks = new Set(items.map(({ chunk }) => chunk));
      const trace = await readTrace(forward, withPayload, ({ chunk, origin }) => {
        const isMirror = origin === "mirror-gateway" || origin === "mirror-attempt";
        return chunks.has(chunk) || whole.some(({ withoutMirrors }) => !(isMirror && withoutMirrors));
      });
      return trace?.resourceSpans ?? [];
    },
    async remove(forwards) {
      await remove({ kind: "items", seqs: forwards.flatMap(({ items }) => items.map(({ seq }) => seq)) });
    },
    trim: (destination, keep) => remove({ kind: "all_but_newest", destination, keep }),
    keepOnly: (destinations) => remove({ kind: "other_destinations", destinations }),
    async waiting(destination): Promise<Backlog> {
      const first = oldest.get(destination);
      return {
        items: Number(integerIn(count.get(destination) ?? {}, "items")),
        oldestMs: first && Number(integerIn(first, "added_ms")),
      };
    },
  };
}

/** Rows of one trace. */
function forwardIn(rows: readonly Row[]): Forward {
  const [first = {}] = rows;
  return { workspace: textIn(first, "workspace"), traceId: hexIn(first, "trace_id"), items: rows.map(itemIn) };
}

function itemIn(row: Row): ForwardItem {
  return {
    seq: integerIn(row, "seq"),
    chunk: optionalIntegerIn(row, "chunk"),
    withoutMirrors: integerIn(row, "without_mirrors") === 1n,
    spans: Number(integerIn(row, "spans")),
  };
}
