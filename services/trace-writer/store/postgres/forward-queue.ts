import { randomUUID } from "node:crypto";
import { integerIn, optionalIntegerIn, type Row, textIn } from "../columns.ts";
import type { Forward, ForwardItem, ForwardQueue, Trimmed } from "../forward-queue.ts";
import { bigints } from "./arrays.ts";
import type { Connection, ReadDatabase } from "./database.ts";
import { readTrace } from "./reader.ts";
import { numberIn, uuidIn } from "./trace-rows.ts";

/** How long a destination is one trace-writer's, in milliseconds, from when it last asked what waits. */
const LEASE_MS = 60_000;
/** It asks for it again when this much of it is gone. */
const RENEW_MS = 10_000;

/**
 * What waits to be forwarded. Of several trace-writers on one database one at a time is told what waits for a
 * destination: the one that holds its lease. When it ends it gives the lease back; when it dies another has it within a
 * minute.
 */
export function createForwardQueue(database: ReadDatabase): ForwardQueue & AsyncDisposable {
  const { reads } = database;
  const holder = randomUUID();
  const renewedMs = new Map<string, number>();
  const holds = async (destination: string): Promise<boolean> => {
    const nowMs = performance.now();
    if (nowMs - (renewedMs.get(destination) ?? Number.NEGATIVE_INFINITY) < RENEW_MS) return true;
    const leased = await lease(reads, destination, holder);
    if (leased) renewedMs.set(destination, nowMs);
    else renewedMs.delete(destination);
    return leased;
  };
  return {
    async next(destination, itemsMax) {
      if (!(await holds(destination))) return [];
      const sql = "SELECT * FROM forwards WHERE destination = $1 ORDER BY seq LIMIT $2";
      const rows = await reads.rows(sql, [destination, itemsMax]);
      const byTrace = Map.groupBy(rows, (row) => `${textIn(row, "workspace")}\n${textIn(row, "trace_id")}`);
      return [...byTrace.values()].map(forwardIn);
    },
    async read({ workspace, traceId, items }, withPayload) {
      const whole = items.filter(({ chunk }) => chunk === undefined);
      const chunks = new Set(items.map(({ chunk }) => chunk));
      const trace = await database.readAtOneMoment((connection) =>
        readTrace(connection, workspace, traceId, withPayload, ({ chunk, origin }) => {
          const isMirror = origin === "mirror-gateway" || origin === "mirror-attempt";
          return chunks.has(chunk) || whole.some(({ withoutMirrors }) => !(isMirror && withoutMirrors));
        }),
      );
      return trace?.resourceSpans ?? [];
    },
    async remove(forwards) {
      const seqs = forwards.flatMap(({ items }) => items.map(({ seq }) => seq));
      await reads.write("DELETE FROM forwards WHERE seq = ANY($1::bigint[])", [bigints(seqs)]);
    },
    async trim(destination, keep) {
      const last = "SELECT seq FROM forwards WHERE destination = $1 ORDER BY seq DESC LIMIT 1 OFFSET $2";
      const sql = `DELETE FROM forwards WHERE destination = $1 AND seq <= (${last}) RETURNING spans`;
      return trimmedOf(await reads.rows(sql, [destination, keep]));
    },
    async keepOnly(destinations) {
      const sql = "DELETE FROM forwards WHERE destination <> ALL($1::text[]) RETURNING spans";
      return trimmedOf(await reads.rows(sql, [destinations]));
    },
    async waiting(destination) {
      const [found = {}] = await reads.rows(
        `SELECT (SELECT count(*) FROM forwards WHERE destination = $1) AS items,
          (SELECT added_ms FROM forwards WHERE destination = $1 ORDER BY seq LIMIT 1) AS oldest`,
        [destination],
      );
      const oldestMs = optionalIntegerIn(found, "oldest");
      return {
        items: Number(integerIn(found, "items")),
        oldestMs: oldestMs === undefined ? undefined : Number(oldestMs),
      };
    },
    async [Symbol.asyncDispose]() {
      // Where the database is gone, the lease runs out by itself.
      await reads.write("DELETE FROM forward_leases WHERE holder = $1", [holder]).catch(() => {});
    },
  };
}

/** Whether the holder has a destination to itself, from now on or still. */
async function lease(connection: Connection, destination: string, holder: string): Promise<boolean> {
  const written = await connection.write(
    `INSERT INTO forward_leases AS held (destination, holder, until)
      VALUES ($1, $2, now() + $3 * interval '1 millisecond')
      ON CONFLICT (destination) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
      WHERE held.holder = EXCLUDED.holder OR held.until < now()`,
    [destination, holder, LEASE_MS],
  );
  return written === 1;
}

/** Rows of one trace. */
function forwardIn(rows: readonly Row[]): Forward {
  const [first = {}] = rows;
  return { workspace: textIn(first, "workspace"), traceId: uuidIn(first, "trace_id"), items: rows.map(itemIn) };
}

function itemIn(row: Row): ForwardItem {
  return {
    seq: integerIn(row, "seq"),
    chunk: optionalIntegerIn(row, "chunk"),
    withoutMirrors: row["without_mirrors"] === true,
    spans: numberIn(row, "spans"),
  };
}

function trimmedOf(rows: readonly Row[]): Trimmed {
  return { items: rows.length, spans: rows.reduce((sum, row) => sum + numberIn(row, "spans"), 0) };
}
