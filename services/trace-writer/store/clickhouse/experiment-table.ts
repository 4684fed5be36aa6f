import { hash } from "node:crypto";
import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import type { RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";
import { DEFAULT_EXPERIMENT } from "../../core/experiments/default-experiment.ts";
import { parseExperimentId } from "../../core/experiments/experiment-name.ts";
import type { NamedExperiment } from "../../core/spans/span-row.ts";
import { ownRetentionIn, settingsBytesOf } from "../experiment-settings.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type { ExperimentChange } from "../trace-store.ts";
import type { WholeExperiment } from "../whole-trace.ts";
import type { Connection } from "./connection.ts";
import { RowWriter } from "./row-binary.ts";

/** An experiment as it is stored. */
export interface StoredExperiment extends NamedExperiment {
  readonly workspace: string;
  /** Grows with every change. */
  readonly version: bigint;
  /** Undefined: it has no limits of its own. */
  readonly ownRetention: RetentionLimits | undefined;
  readonly createdMs: bigint;
}

/** The experiments, as they were at one moment, and those that were made since. */
export interface Experiments {
  /** Of whatever workspace: ids are unique. */
  byId(id: bigint): StoredExperiment | undefined;
  find(workspace: string, choice: ExperimentChoice): StoredExperiment | undefined;
  all(): readonly StoredExperiment[];
  /** Those of a workspace behind `after`, by id, at most `limit`. */
  page(workspace: string, limit: number, after: bigint): readonly StoredExperiment[];
  /** A new one, that is to be stored: its id follows from its name, so that whoever makes it makes the same. */
  create(workspace: string, name: string, nowMs: number): StoredExperiment;
  update(experiment: StoredExperiment, change: ExperimentChange): StoredExperiment;
  /** Keeps one of another store under its id; of one that is there already the earlier creation counts, and its own limits. */
  restore(experiment: WholeExperiment): void;
  /** What was created, changed or restored since it was last asked. */
  takeChanged(): readonly StoredExperiment[];
}

/** The table of experiments. It is small: it is read whole. */
export interface ExperimentTable {
  read(): Promise<Experiments>;
  insert(experiments: readonly StoredExperiment[]): Promise<void>;
}

/** The experiment that is there without anybody having made it. */
const FIRST: StoredExperiment = {
  workspace: DEFAULT_WORKSPACE,
  id: 0n,
  name: DEFAULT_EXPERIMENT.name,
  version: 0n,
  createdMs: 0n,
  ownRetention: undefined,
};
const COLUMNS = ["workspace", "id", "version", "name", "created_ms", "settings"] as const;
/** Ids have at most 18 digits. */
const ID_MAX = 10n ** 18n;

export function openExperimentTable(connection: Connection): ExperimentTable {
  return {
    async read() {
      const query =
        "SELECT workspace, id, version, name, created_ms, settings FROM experiments FINAL ORDER BY workspace, id";
      const rows = await connection.query(query, {}, (reader) => ({
        workspace: reader.text(),
        id: reader.int64(),
        version: reader.uint64(),
        name: reader.text(),
        createdMs: reader.int64(),
        ownRetention: ownRetentionIn(reader.bytes()),
      }));
      return experimentsOf([FIRST, ...rows]);
    },
    async insert(experiments) {
      if (experiments.length === 0) return;
      const writer = new RowWriter();
      for (const { workspace, id, version, name, createdMs, ownRetention } of experiments) {
        writer.text(workspace).int64(id).uint64(version).text(name).int64(createdMs);
        writer.bytes(settingsBytesOf(ownRetention));
      }
      await connection.insert("experiments", COLUMNS, writer.finish());
    },
  };
}

function experimentsOf(rows: readonly StoredExperiment[]): Experiments {
  const ids = new Map<bigint, StoredExperiment>();
  const names = new Map<string, StoredExperiment>();
  const changed = new Map<bigint, StoredExperiment>();
  const nameKey = (workspace: string, name: string) => `${workspace}\n${name}`;
  const put = (experiment: StoredExperiment) => {
    const { workspace, id, name } = experiment;
    const before = ids.get(id);
    ids.set(id, experiment);
    if (before !== undefined && names.get(nameKey(workspace, before.name))?.id === id) {
      names.delete(nameKey(workspace, before.name));
    }
    // Two may have been given one name at the same moment. Then it is the one's with the smaller id.
    const named = names.get(nameKey(workspace, name));
    if (named === undefined || named.id > id) names.set(nameKey(workspace, name), experiment);
  };
  const change = (experiment: StoredExperiment) => {
    put(experiment);
    changed.set(experiment.id, experiment);
    return experiment;
  };
  for (const row of rows) put(row);
  return {
    byId: (id) => ids.get(id),
    find(workspace, { $case, value }) {
      if ($case === "name") return names.get(nameKey(workspace, value));
      const id = parseExperimentId(value);
      const found = id === undefined ? undefined : ids.get(id);
      return found?.workspace === workspace ? found : undefined;
    },
    page: (workspace, limit, after) =>
      [...ids.values()]
        .filter((experiment) => experiment.workspace === workspace && experiment.id > after)
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    all: () => [...ids.values()],
    restore({ workspace, id, name, createdMs: created, ownRetention }) {
      const there = ids.get(id);
      // Of the first nobody has said when it was made.
      const isKnown = there !== undefined && there.createdMs > 0n;
      const createdMs = isKnown && there.createdMs < created ? there.createdMs : BigInt(created);
      const limits = there?.ownRetention ?? ownRetention;
      if (isKnown && there.createdMs === createdMs && there.ownRetention === limits) return;
      change({ workspace, id, name, version: (there?.version ?? 0n) + 1n, createdMs, ownRetention: limits });
    },
    create(workspace, name, nowMs) {
      for (let attempt = 0; ; attempt += 1) {
        const id = idOf(workspace, name, attempt);
        if (ids.has(id)) continue;
        return change({ workspace, id, name, version: 1n, createdMs: BigInt(nowMs), ownRetention: undefined });
      }
    },
    update: (experiment, { name = experiment.name, ownRetention = experiment.ownRetention }) =>
      change({ ...experiment, name, ownRetention: ownRetention ?? undefined, version: experiment.version + 1n }),
    takeChanged() {
      const taken = [...changed.values()];
      changed.clear();
      return taken;
    },
  };
}

/** A number that follows from the name. Another where that is taken, by one that was given another name since. */
function idOf(workspace: string, name: string, attempt: number): bigint {
  const digest = hash("sha256", `${workspace}\n${name}\n${attempt}`, "hex").slice(0, 16);
  return 1n + (BigInt(`0x${digest}`) % (ID_MAX - 1n));
}
