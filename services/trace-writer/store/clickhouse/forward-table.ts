import type { ForwardWait } from "../commit/forward-waits.ts";
import type { Backlog, Forward, ForwardItem, Trimmed } from "../forward-queue.ts";
import type { Connection, QueryValues } from "./connection.ts";
import { IN_ORDER } from "./listing-table.ts";
import { RowWriter } from "./row-binary.ts";
import { type ClusterName, onCluster, shardTableOf } from "./schema.ts";
import { type TraceId, traceKeyOf } from "./trace-key.ts";

/** What is to wait, of a trace. */
export interface NewForward extends TraceId {
  readonly wait: ForwardWait;
}

/** What waits to be forwarded. Rows are never changed: one that needs to wait no more gets another that says so. */
export interface ForwardTable {
  add(forwards: readonly NewForward[], nowMs: number): Promise<void>;
  next(destination: string, itemsMax: number): Promise<readonly Forward[]>;
  remove(seqs: readonly bigint[]): Promise<void>;
  trim(destination: string, keep: number): Promise<Trimmed>;
  keepOnly(destinations: readonly string[]): Promise<Trimmed>;
  waiting(destination: string): Promise<Backlog>;
}

/** A place in the order: milliseconds, then a count that begins anywhere, so that two writers hardly give out the same. */
const COUNT_BITS = 20n;
/** The chunk of an item that stands for a whole trace. */
const WHOLE = -1n;
/** So many rows that say that others need to wait no more are left; then both are removed. */
const GONE_MAX = 50_000;

const COLUMNS = [
  "destination",
  "seq",
  "version",
  "gone",
  "workspace",
  "trace_id",
  "chunk",
  "without_mirrors",
  "spans",
  "added_ms",
] as const;

/** The table of what waits to be forwarded. */
export function openForwardTable(connection: Connection, cluster: ClusterName): ForwardTable {
  let count = BigInt(Math.floor(Math.random() * 2 ** Number(COUNT_BITS)));
  let gone = 0;
  const nextSeq = (nowMs: number) => {
    count = (count + 1n) & ((1n << COUNT_BITS) - 1n);
    return (BigInt(nowMs) << COUNT_BITS) | count;
  };
  const markGone = (condition: string, values: QueryValues) =>
    connection.command(
      `INSERT INTO forwards (${COLUMNS.join(", ")})
      SELECT destination, seq, 1, 1, '', unhex(repeat('0', 32)), 0, 0, 0, 0 FROM forwards FINAL WHERE ${condition}`,
      values,
    );
  const removeWhere = async (condition: string, values: QueryValues): Promise<Trimmed> => {
    const [sum = { items: 0, spans: 0 }] = await connection.query(
      `SELECT count(), sum(spans) FROM forwards FINAL WHERE ${condition}`,
      values,
      (reader) => ({ items: Number(reader.uint64()), spans: Number(reader.uint64()) }),
    );
    if (sum.items > 0) await markGone(condition, values);
    return sum;
  };
  /** What nothing waits before any more is removed for good, with the rows that say so. */
  const sweep = async () => {
    const query = "SELECT destination, min(seq) FROM forwards FINAL GROUP BY destination";
    const firsts = await connection.query(query, {}, (reader) => ({ destination: reader.text(), seq: reader.int64() }));
    for (const { destination, seq } of firsts) {
      await connection.command(
        `ALTER TABLE ${shardTableOf("forwards", cluster)}${onCluster(cluster)} DELETE
        WHERE destination = {destination:String} AND seq < ${seq}`,
        { destination },
      );
    }
  };
  return {
    async add(forwards, nowMs) {
      if (forwards.length === 0) return;
      const writer = new RowWriter(forwards.length * 128);
      for (const { workspace, traceId, wait } of forwards) {
        writer.text(wait.destination).int64(nextSeq(nowMs)).uint8(0).uint8(0).text(workspace).id(traceId);
        writer.int64(wait.chunk ?? WHOLE).uint8(wait.withoutMirrors ? 1 : 0);
        writer.uint32(wait.spans).int64(BigInt(nowMs));
      }
      await connection.insert("forwards", COLUMNS, writer.finish());
    },
    async next(destination, itemsMax) {
      const rows = await connection.query(
        `SELECT workspace, trace_id, seq, chunk, without_mirrors, spans FROM forwards FINAL
        WHERE destination = {destination:String} ORDER BY destination, seq LIMIT {itemsMax:UInt32}`,
        { destination, itemsMax },
        (reader) => {
          const trace = { workspace: reader.text(), traceId: reader.id(16) };
          const [seq, chunk] = [reader.int64(), reader.int64()];
          const withoutMirrors = reader.uint8() === 1;
          const item = { seq, chunk: chunk === WHOLE ? undefined : chunk, withoutMirrors, spans: reader.uint32() };
          return { trace, item };
        },
        IN_ORDER,
      );
      const byTrace = Map.groupBy(rows, ({ trace }) => traceKeyOf(trace));
      return byTrace.values().map(forwardOf).toArray();
    },
    async remove(seqs) {
      if (seqs.length === 0) return;
      await markGone(`seq IN (${seqs.join()})`, {});
      gone += seqs.length;
      if (gone < GONE_MAX) return;
      gone = 0;
      await sweep();
    },
    async trim(destination, keep) {
      const newest = `SELECT seq FROM forwards FINAL WHERE destination = {destination:String} ORDER BY seq DESC LIMIT 1 OFFSET ${keep}`;
      const [last] = await connection.query(newest, { destination }, (reader) => reader.int64());
      if (last === undefined) return { items: 0, spans: 0 };
      return removeWhere(`destination = {destination:String} AND seq <= ${last}`, { destination });
    },
    keepOnly(destinations) {
      const kept = Object.fromEntries(destinations.map((destination, index) => [`kept${index}`, destination]));
      const list = Object.keys(kept).map((key) => `{${key}:String}`);
      return removeWhere(list.length === 0 ? "1" : `destination NOT IN (${list.join(", ")})`, kept);
    },
    async waiting(destination) {
      const [backlog = { items: 0, oldestMs: undefined }] = await connection.query(
        "SELECT count(), min(added_ms) FROM forwards FINAL WHERE destination = {destination:String}",
        { destination },
        (reader) => {
          const items = Number(reader.uint64());
          const oldestMs = Number(reader.int64());
          return { items, oldestMs: items === 0 ? undefined : oldestMs };
        },
      );
      return backlog;
    },
  };
}

/** Rows of one trace. */
function forwardOf(rows: readonly { readonly trace: TraceId; readonly item: ForwardItem }[]): Forward {
  const [first] = rows;
  return {
    workspace: first?.trace.workspace ?? "",
    traceId: first?.trace.traceId ?? "",
    items: rows.map(({ item }) => item),
  };
}
