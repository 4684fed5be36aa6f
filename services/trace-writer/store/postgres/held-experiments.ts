import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { parseExperimentId } from "../../core/experiments/experiment-name.ts";
import type { ExperimentWrites } from "../commit/tables.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type { ExperimentChange } from "../trace-store.ts";
import { millisecondsOf, timestampOf } from "./experiment-rows.ts";
import type { HeldExperiment, HeldExperiments } from "./held.ts";
import type { HeldChanges } from "./held-changes.ts";

/** The experiments, over what a commit holds. */
export function createHeldExperiments(
  { byId, byName, ids }: HeldExperiments,
  { touched }: Pick<HeldChanges, "touched">,
): ExperimentWrites {
  const held = (workspace: string, { $case, value }: ExperimentChoice): HeldExperiment | undefined => {
    if ($case === "name") return byName.get(keyOf(workspace, value));
    const id = parseExperimentId(value);
    const found = id === undefined ? undefined : byId.get(id);
    return found?.workspace === workspace ? found : undefined;
  };
  const create = (workspace: string, name: string, nowMs: number): HeldExperiment => {
    const id = ids.pop();
    if (id === undefined) throw new Error("an experiment is made that was not foreseen");
    const created: HeldExperiment = { workspace, experiment: newExperiment(id, name, nowMs), isNew: true, change: {} };
    byId.set(id, created);
    byName.set(keyOf(workspace, name), created);
    return created;
  };
  return {
    find: (workspace, choice) => held(workspace, choice)?.experiment,
    obtain(workspace, choice, nowMs) {
      const found = held(workspace, choice);
      const obtained = found ?? (choice.$case === "name" ? create(workspace, choice.value, nowMs) : undefined);
      return obtained && { id: BigInt(obtained.experiment.id), name: obtained.experiment.name };
    },
    write(workspace, write, nowMs) {
      const { name } = write;
      const named = name === undefined ? undefined : held(workspace, { $case: "name", value: name });
      if (write.kind === "create") {
        if (named !== undefined) return { kind: "name_taken" };
        return { kind: "written", experiment: create(workspace, write.name, nowMs).experiment };
      }
      const updated = held(workspace, { $case: "id", value: write.id.toString() });
      if (named !== undefined && named !== updated) return { kind: "name_taken" };
      if (updated === undefined) return { kind: "experiment_not_found" };
      byName.delete(keyOf(workspace, updated.experiment.name));
      update(updated, write);
      byName.set(keyOf(workspace, updated.experiment.name), updated);
      return { kind: "written", experiment: updated.experiment };
    },
    inTheWayOf({ workspace, id, name }) {
      const [same, named] = [byId.get(id), byName.get(keyOf(workspace, name))];
      const rival = [same, named].find((there) => there !== undefined && (there !== named || named !== same));
      return rival && { workspace: rival.workspace, id: BigInt(rival.experiment.id), name: rival.experiment.name };
    },
    restore({ workspace, id, name, createdMs, ownRetention }) {
      const there = byId.get(id)?.experiment;
      const isEarlier = there === undefined || createdMs < millisecondsOf(there.createTime);
      const experiment = isEarlier || there.traceCount === 0n ? newExperiment(id, name, createdMs) : there;
      const limits = there?.ownRetention ?? ownRetention;
      const restored: HeldExperiment = {
        workspace,
        experiment: { ...experiment, ownRetention: limits },
        isNew: false,
        isRestored: true,
        change: {},
      };
      byId.set(id, restored);
      byName.set(keyOf(workspace, name), restored);
    },
    touch: (id, nowMs) => void touched.set(id, nowMs),
  };
}

function update(updated: HeldExperiment, { name, ownRetention }: ExperimentChange): void {
  const { experiment, change } = updated;
  updated.experiment = {
    ...experiment,
    name: name ?? experiment.name,
    ownRetention: ownRetention === undefined ? experiment.ownRetention : (ownRetention ?? undefined),
  };
  updated.change = {
    name: name ?? change.name,
    ownRetention: ownRetention === undefined ? change.ownRetention : ownRetention,
  };
}

function keyOf(workspace: string, name: string): string {
  return `${workspace}\n${name}`;
}

function newExperiment(id: bigint, name: string, nowMs: number): Experiment {
  const createTime = timestampOf(nowMs);
  return { id: id.toString(), name, createTime, updateTime: createTime, traceCount: 0n, storedBytes: 0n };
}
