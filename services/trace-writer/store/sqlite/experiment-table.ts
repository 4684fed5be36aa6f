import type { DatabaseSync } from "node:sqlite";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { parseExperimentId } from "../../core/experiments/experiment-name.ts";
import { bytesIn, integerIn, type Row, textIn } from "../columns.ts";
import type { ExperimentWrites } from "../commit/tables.ts";
import { ownRetentionIn, settingsBytesOf } from "../experiment-settings.ts";
import type { ExperimentChoice, LimitedExperiment } from "../trace-reads.ts";
import type { WholeExperiment } from "../whole-trace.ts";

/** The experiments of an open file. */
export interface ExperimentTable extends ExperimentWrites {
  /** Those of all workspaces behind `after`, by id. */
  dump(limit: number, after: bigint): readonly WholeExperiment[];
  /** Those behind `after`, by id. */
  list(workspace: string, limit: number, after: bigint): readonly Experiment[];
  /** The same, with nothing but what retention goes by. */
  listLimits(workspace: string, limit: number, after: bigint): readonly LimitedExperiment[];
}

/**
 * The table of experiments. On a file that is open for reading, nothing but `find`, `list`, `listLimits` and `dump` may
 * be called.
 */
export function openExperimentTable(db: DatabaseSync): ExperimentTable {
  const select = `
    SELECT experiments.*, coalesce(traces, 0) AS traces, coalesce(bytes, 0) AS bytes FROM experiments
    LEFT JOIN experiment_sizes ON experiment_sizes.workspace = experiments.workspace AND experiment_id = id`;
  const byId = db.prepare(`${select} WHERE experiments.workspace = ? AND id = ?`);
  const byName = db.prepare(`${select} WHERE experiments.workspace = ? AND name = ?`);
  const insert = db.prepare("INSERT INTO experiments (workspace, name, created_ms, updated_ms) VALUES (?, ?, ?3, ?3)");
  const rename = db.prepare("UPDATE experiments SET name = ? WHERE workspace = ? AND id = ?");
  const set = db.prepare("UPDATE experiments SET settings = ? WHERE workspace = ? AND id = ?");
  const touch = db.prepare("UPDATE experiments SET updated_ms = max(updated_ms, ?) WHERE id = ?");
  const list = db.prepare(`${select} WHERE experiments.workspace = ? AND id > ? ORDER BY id LIMIT ?`);
  const limits = db.prepare(
    "SELECT id, name, settings FROM experiments WHERE workspace = ? AND id > ? ORDER BY id LIMIT ?",
  );
  const dump = db.prepare(`${select} WHERE id > ? ORDER BY id LIMIT ?`);
  const rival = db.prepare(`
    SELECT workspace, id, name FROM experiments
    WHERE (id = ?1) + (workspace = ?2 AND name = ?3) = 1 LIMIT 1`);
  const restore = db.prepare(`
    INSERT INTO experiments (id, workspace, name, created_ms, updated_ms, settings) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO UPDATE SET created_ms = min(created_ms, ?4), settings = iif(settings = x'', ?6, settings)`);
  const restoreEmpty = db.prepare("UPDATE experiments SET created_ms = ?2, updated_ms = ?3 WHERE id = ?1");
  const row = (workspace: string, { $case, value }: ExperimentChoice): Row | undefined => {
    if ($case === "name") return byName.get(workspace, value);
    const id = parseExperimentId(value);
    return id === undefined ? undefined : byId.get(workspace, id);
  };
  const insertedRow = (workspace: string, name: string, nowMs: number): Row | undefined => {
    insert.run(workspace, name, nowMs);
    return byName.get(workspace, name);
  };
  return {
    find(workspace, choice) {
      const found = row(workspace, choice);
      return found && experimentIn(found);
    },
    obtain(workspace, choice, nowMs) {
      const found = row(workspace, choice);
      const obtained = found ?? (choice.$case === "name" ? insertedRow(workspace, choice.value, nowMs) : undefined);
      return obtained && { id: integerIn(obtained, "id"), name: textIn(obtained, "name") };
    },
    write(workspace, write, nowMs) {
      const named = write.name === undefined ? undefined : byName.get(workspace, write.name);
      if (write.kind === "create") {
        const created = named === undefined ? insertedRow(workspace, write.name, nowMs) : undefined;
        return created === undefined ? { kind: "name_taken" } : { kind: "written", experiment: experimentIn(created) };
      }
      if (named !== undefined && integerIn(named, "id") !== write.id) return { kind: "name_taken" };
      const { id, name, ownRetention } = write;
      if (name !== undefined) rename.run(name, workspace, id);
      if (ownRetention !== undefined) set.run(settingsBytesOf(ownRetention), workspace, id);
      const updated = byId.get(workspace, id);
      return updated === undefined
        ? { kind: "experiment_not_found" }
        : { kind: "written", experiment: experimentIn(updated) };
    },
    inTheWayOf({ workspace, id, name }) {
      const there = rival.get(id, workspace, name);
      return (
        there && { workspace: textIn(there, "workspace"), id: integerIn(there, "id"), name: textIn(there, "name") }
      );
    },
    restore({ workspace, id, name, createdMs, updatedMs, ownRetention }) {
      restore.run(id, workspace, name, createdMs, updatedMs, settingsBytesOf(ownRetention));
      if (integerIn(byId.get(workspace, id) ?? {}, "traces") === 0n) restoreEmpty.run(id, createdMs, updatedMs);
    },
    touch: (id, nowMs) => void touch.run(nowMs, id),
    list: (workspace, limit, after) => list.all(workspace, after, limit).map(experimentIn),
    listLimits: (workspace, limit, after) =>
      limits.all(workspace, after, limit).map((found) => ({
        id: integerIn(found, "id"),
        name: textIn(found, "name"),
        ownRetention: ownRetentionIn(bytesIn(found, "settings")),
      })),
    dump: (limit, after) =>
      dump.all(after, limit).map((found) => ({
        workspace: textIn(found, "workspace"),
        id: integerIn(found, "id"),
        name: textIn(found, "name"),
        createdMs: Number(integerIn(found, "created_ms")),
        updatedMs: Number(integerIn(found, "updated_ms")),
        ownRetention: ownRetentionIn(bytesIn(found, "settings")),
      })),
  };
}

function experimentIn(row: Row): Experiment {
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

function timestampOf(ms: number) {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}
