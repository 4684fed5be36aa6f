import type { Connection } from "./connection.ts";
import { type FactName, type ListPlace, unpackContent } from "./fact.ts";
import { type ClusterName, onCluster, shardTableOf } from "./schema.ts";
import type { TraceId } from "./trace-key.ts";

/** So many notes of what may go are carried out at a time: a mutation names every row. */
const STEP_NOTES = 500;

/** A note of what may go, as its writer left it. */
interface Note extends TraceId {
  readonly version: bigint;
  readonly facts: readonly FactName[];
  readonly places: readonly ListPlace[];
}

/** Erases. */
export interface Eraser {
  /** As `TraceStore.erase` says. */
  erase(signal: AbortSignal): Promise<boolean>;
}

/**
 * Removes from the disk what counts for nothing any more, by the notes that its writers left. First what is void, then
 * what says so: until then it stays void. Each is a mutation: ClickHouse writes the parts anew that hold such rows.
 * False: parts that were replaced by that, or by merges before, are still there; ClickHouse removes them within
 * seconds.
 */
export function createEraser(connection: Connection, cluster: ClusterName): Eraser {
  /** When the last mutation had ended, by the server's clock. */
  let mutatedAt: bigint | undefined;
  const mutate = async (table: string, condition: string) => {
    await connection.command(
      `ALTER TABLE ${shardTableOf(table, cluster)}${onCluster(cluster)} DELETE WHERE ${condition} SETTINGS mutations_sync = 2`,
    );
    [mutatedAt] = await connection.query("SELECT toInt64(toUnixTimestamp(now()))", {}, (reader) => reader.int64());
  };
  const carryOut = async (notes: readonly Note[]) => {
    const places = notes.flatMap((note) => note.places.map((place) => listedRow(note, place)));
    if (places.length > 0) await mutate("traces", places.join(" OR "));
    const facts = notes.flatMap((note) => note.facts.map((fact) => factRow(note, fact)));
    if (facts.length > 0) await mutate("facts", `(workspace, trace_id, fact_id, version) IN (${facts.join(", ")})`);
    await mutate("facts", notes.map(isSaidBy).join(" OR "));
  };
  return {
    async erase(signal) {
      for (;;) {
        signal.throwIfAborted();
        const notes = await readNotes(connection);
        if (notes.length > 0) await carryOut(notes);
        else return mutatedAt === undefined || !(await hasOldParts(connection, cluster, mutatedAt));
      }
    },
  };
}

async function readNotes(connection: Connection): Promise<readonly Note[]> {
  const rows = await connection.query(
    `SELECT workspace, trace_id, version, about FROM facts WHERE kind = 'erasable' LIMIT ${STEP_NOTES}`,
    {},
    (reader) => {
      const note = { workspace: reader.text(), traceId: reader.id(16), version: reader.uint64() };
      const content = unpackContent("erasable", reader.bytes(), undefined);
      return content?.kind === "erasable" ? [{ ...note, facts: content.facts, places: content.places }] : [];
    },
  );
  return rows.flat();
}

/** A version of a listed row that its writer, or one before it, has left behind; what came later is another. */
function listedRow({ workspace, traceId, version }: Note, { experimentId, startNs }: ListPlace): string {
  return `(workspace = ${literal(workspace)} AND experiment_id = ${experimentId} AND start_key = ${-startNs} AND trace_id = unhex('${traceId}') AND version <= ${version})`;
}

function factRow({ workspace, traceId }: Note, { id, version }: FactName): string {
  return `(${literal(workspace)}, unhex('${traceId}'), ${id}, ${version})`;
}

function isSaidBy({ workspace, traceId, version }: Note): string {
  return `(workspace = ${literal(workspace)} AND trace_id = unhex('${traceId}') AND kind IN ('deleted', 'erasable') AND version <= ${version})`;
}

/** Whether parts are on the disk that were replaced up to a time, in seconds since the Unix epoch. */
async function hasOldParts(connection: Connection, cluster: ClusterName, untilS: bigint): Promise<boolean> {
  const parts = cluster === undefined ? "system.parts" : `clusterAllReplicas('${cluster}', system.parts)`;
  const tables = ["facts", "traces"].map((name) => `'${shardTableOf(name, cluster)}'`);
  const [count = 0n] = await connection.query(
    `SELECT count() FROM ${parts} WHERE database = currentDatabase() AND table IN (${tables.join()}) AND NOT active
      AND remove_time <= toDateTime(${untilS})`,
    {},
    (reader) => reader.uint64(),
  );
  return count > 0n;
}

function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
