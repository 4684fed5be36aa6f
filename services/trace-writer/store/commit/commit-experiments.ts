import type { NamedExperiment } from "../../core/spans/span-row.ts";
import type { ExperimentConflict } from "../trace-moves.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type { ExperimentOutcome, ExperimentWrite } from "../trace-store.ts";
import type { WholeExperiment } from "../whole-trace.ts";
import type { CommitTables } from "./tables.ts";

/** The experiments, as the transaction at hand uses them. */
export interface CommitExperiments {
  /** The experiment that is chosen; by name it is created when missing. Undefined: by id, and there is none. */
  experiment(workspace: string, choice: ExperimentChoice, nowMs: number): NamedExperiment | undefined;
  hasExperiment(workspace: string, id: bigint): boolean;
  writeExperiment(workspace: string, write: ExperimentWrite, nowMs: number): ExperimentOutcome;
  /** The experiment that has the id of one of another store, or its name, and is not the same. */
  inTheWayOf(experiment: WholeExperiment): ExperimentConflict["there"] | undefined;
  /** Keeps an experiment of another store, that nothing is in the way of, under its id. */
  restoreExperiment(experiment: WholeExperiment): void;
}

/** The experiments of a store's tables: each is looked up once, until it is let go. */
export function createCommitExperiments({
  experiments,
  sizes,
  known,
}: CommitTables): CommitExperiments & { letGo(): void } {
  const found = new Map<string, NamedExperiment | undefined>();
  return {
    experiment(workspace, choice, nowMs) {
      const key = `${workspace}\n${choice.$case}\n${choice.value}`;
      const experiment = found.get(key) ?? experiments.obtain(workspace, choice, nowMs);
      found.set(key, experiment);
      return experiment;
    },
    hasExperiment: (workspace, id) => experiments.find(workspace, { $case: "id", value: id.toString() }) !== undefined,
    writeExperiment(workspace, write, nowMs) {
      found.clear();
      // Rows that are remembered bear their experiments' names.
      if (write.kind === "update" && write.name !== undefined) known.forget();
      return experiments.write(workspace, write, nowMs);
    },
    inTheWayOf: (experiment) => experiments.inTheWayOf(experiment),
    restoreExperiment(experiment) {
      found.clear();
      experiments.restore(experiment);
      // What it holds stays the same, and when it last took something may be later.
      sizes.note(experiment.workspace, experiment.id, 0n, 0n);
      experiments.touch(experiment.id, experiment.updatedMs);
    },
    letGo: () => found.clear(),
  };
}
