import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { parseExperimentId } from "../../core/experiments/experiment-name.ts";
import { bytesIn, integerIn, type Row, textIn } from "../columns.ts";
import { ownRetentionIn } from "../experiment-settings.ts";
import type { ExperimentChoice, LimitedExperiment } from "../trace-reads.ts";
import type { Connection } from "./database.ts";

/** The experiment under which the sizes of pending traces are kept. */
export const PENDING_ID = -1n;

const SELECT = `
  SELECT e.id, e.workspace, e.name, e.created_ms, e.settings, coalesce(held.traces, 0)::bigint AS traces,
    coalesce(held.bytes, 0)::bigint AS bytes, greatest(e.created_ms, held.updated_ms) AS updated_ms
  FROM experiments e LEFT JOIN LATERAL (
    SELECT sum(s.traces) AS traces, sum(s.bytes) AS bytes, max(s.updated_ms) AS updated_ms FROM experiment_sizes s
    WHERE s.workspace = e.workspace AND s.experiment_id = e.id
  ) held ON TRUE`;

/** One experiment. */
export async function findExperiment(
  connection: Connection,
  workspace: string,
  { $case, value }: ExperimentChoice,
): Promise<Experiment | undefined> {
  const id = $case === "id" ? parseExperimentId(value) : undefined;
  if ($case === "id" && id === undefined) return undefined;
  const column = $case === "id" ? "id" : "name";
  const [row] = await connection.rows(`${SELECT} WHERE e.workspace = $1 AND e.${column} = $2`, [
    workspace,
    id ?? value,
  ]);
  return row && experimentIn(row);
}

/** Those behind `after`, by id. */
export async function listExperiments(
  connection: Connection,
  workspace: string,
  limit: number,
  after: bigint,
): Promise<readonly Experiment[]> {
  const sql = `${SELECT} WHERE e.workspace = $1 AND e.id > $2 ORDER BY e.id LIMIT $3`;
  return (await connection.rows(sql, [workspace, after, limit])).map(experimentIn);
}

/** Those behind `after`, by id, with nothing but what retention goes by. */
export async function listLimits(
  connection: Connection,
  workspace: string,
  limit: number,
  after: bigint,
): Promise<readonly LimitedExperiment[]> {
  const sql = "SELECT id, name, settings FROM experiments WHERE workspace = $1 AND id > $2 ORDER BY id LIMIT $3";
  return (await connection.rows(sql, [workspace, after, limit])).map((row) => ({
    id: integerIn(row, "id"),
    name: textIn(row, "name"),
    ownRetention: ownRetentionIn(bytesIn(row, "settings")),
  }));
}

/** The rows of those of all workspaces behind `after`, by id, with their `workspace`. */
export function dumpExperimentRows(connection: Connection, after: bigint, limit: number): Promise<readonly Row[]> {
  return connection.rows(`${SELECT} WHERE e.id > $1 ORDER BY e.id LIMIT $2`, [after, limit]);
}

/** The rows of all that are chosen, of any workspace by id, with their `workspace`. */
export function experimentRows(
  connection: Connection,
  ids: readonly bigint[],
  names: readonly { readonly workspace: string; readonly name: string }[],
): Promise<readonly Row[]> {
  if (ids.length === 0 && names.length === 0) return Promise.resolve([]);
  return connection.rows(
    `${SELECT} WHERE e.id = ANY($1::bigint[])
      OR (e.workspace, e.name) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
    [ids.map(String), names.map(({ workspace }) => workspace), names.map(({ name }) => name)],
  );
}

/** The experiment of a row. */
export function experimentIn(row: Row): Experiment {
  return {
    id: integerIn(row, "id").toString(),
    name: textIn(row, "name"),
    createTime: timestampOf(Number(integerIn(row, "created_ms"))),
    updateTime: timestampOf(Number(integerIn(row, "updated_ms"))),
    traceCount: integerIn(row, "traces"),
    storedBytes: integerIn(row, "bytes"),
    ownRetention: ownRetentionIn(bytesIn(row, "settings")),
  };
}

/** A time of a message, in milliseconds. */
export function millisecondsOf(time: Experiment["createTime"]): number {
  return time === undefined ? 0 : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000);
}

/** A time in milliseconds, as messages have it. */
export function timestampOf(ms: number): NonNullable<Experiment["createTime"]> {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}
