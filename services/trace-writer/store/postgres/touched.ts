import type { SpanBatch } from "../../core/spans/span-row.ts";
import type { Write } from "../commit/apply-write.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type { TracesToDelete } from "../trace-store.ts";
import type { WholeBatch, WholeTrace } from "../whole-trace.ts";
import { dayOf } from "./days.ts";

/** A trace by its key. */
export interface TraceName {
  readonly workspace: string;
  /** 32 hex digits. */
  readonly traceId: string;
}

/** An experiment that is asked for. */
export interface NamedChoice {
  readonly workspace: string;
  readonly choice: ExperimentChoice;
}

/** The oldest traces of an experiment, that may be deleted. */
export type Oldest =
  | { readonly kind: "until"; readonly experimentId: bigint; readonly startNsMax: bigint; readonly limit: number }
  | {
      readonly kind: "trim";
      readonly workspace: string;
      /** Undefined: the pending ones. */
      readonly experimentId: bigint | undefined;
      readonly limit: number;
    };

/** What writes may read or change: known before anything is read. */
export interface Touched {
  readonly traces: Distinct<TraceName>;
  /** Those that spans begin on. */
  readonly days: ReadonlySet<number>;
  /** How many batches of spans there are to store. */
  readonly batches: number;
  /** Those whose id a full trace may take. */
  readonly sealed: ReadonlySet<string>;
  /** Those that change though they may be sealed. */
  readonly edited: ReadonlySet<string>;
  /** Those that may be deleted, by their ids. */
  readonly deleted: ReadonlySet<string>;
  readonly oldest: readonly Oldest[];
  readonly experiments: Distinct<NamedChoice>;
}

type Distinct<Item> = ReadonlyMap<string, Item>;

interface SpansToStore extends Pick<SpanBatch, "traceId"> {
  readonly rows: WholeBatch["rows"];
}

/** The key of a trace, in maps. */
export function keyOf({ workspace, traceId }: TraceName): string {
  return `${workspace}\n${traceId}`;
}

/** What these writes touch. */
export function touchedBy(writes: readonly Write[]): Touched {
  const traces = new Map<string, TraceName>();
  const experiments = new Map<string, NamedChoice>();
  const [sealed, edited, deleted] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const days = new Set<number>();
  let batches = 0;
  const oldest: Oldest[] = [];
  const trace = (workspace: string, traceId: string) => {
    const key = keyOf({ workspace, traceId });
    traces.set(key, { workspace, traceId });
    return key;
  };
  const store = (workspace: string, { traceId, rows }: SpansToStore) => {
    batches += 1;
    for (const row of rows) if (row !== undefined) days.add(dayOf(row.startNs));
    return trace(workspace, traceId);
  };
  const experiment = (workspace: string, choice: ExperimentChoice) => {
    experiments.set(`${workspace}\n${choice.$case}\n${choice.value}`, { workspace, choice });
  };
  const deletion = (workspace: string, experimentId: bigint, which: TracesToDelete, limit: number) => {
    experiment(workspace, { $case: "id", value: experimentId.toString() });
    if (which.kind === "until") oldest.push({ ...which, experimentId, limit });
    else for (const id of which.traceIds) deleted.add(trace(workspace, id));
  };
  const restored = ({ workspace, traceId, full, batches, claim, tagEdits }: WholeTrace) => {
    const key = trace(workspace, traceId);
    for (const { experiment: named } of [...batches, ...(claim === undefined ? [] : [claim])]) {
      if (named !== undefined) experiment(workspace, { $case: "id", value: named.id.toString() });
    }
    for (const { rows } of batches) store(workspace, { traceId, rows });
    if (Object.keys(tagEdits).length > 0) edited.add(key);
    if (full === undefined) return;
    sealed.add(key);
    if (full.mirror !== undefined) trace(full.mirror.workspace, full.mirror.traceId);
  };
  for (const write of writes) {
    switch (write.kind) {
      case "records":
        for (const read of write.records) {
          if (read.kind === "refused") continue;
          const { workspace, full, mirror, experiment: name } = read.record;
          experiment(workspace, { $case: "name", value: name });
          sealed.add(store(workspace, full));
          if (mirror === undefined) continue;
          store(mirror.workspace, mirror.spans);
          if (mirror.experiment !== undefined) experiment(mirror.workspace, mirror.experiment);
        }
        break;
      case "spans":
        experiment(write.workspace, write.experiment);
        for (const batch of write.batches) store(write.workspace, batch);
        break;
      case "claim":
        experiment(write.workspace, write.experiment);
        trace(write.workspace, write.claim.traceId);
        break;
      case "tags":
        edited.add(trace(write.workspace, write.traceId));
        break;
      case "deletion":
        deletion(write.workspace, write.experimentId, write.which, write.limit);
        break;
      case "trim":
        oldest.push({ kind: "trim", workspace: write.workspace, experimentId: write.experimentId, limit: write.limit });
        break;
      case "restore":
        for (const whole of write.traces) restored(whole);
        break;
      case "restore_experiments":
        for (const { workspace, id, name } of write.experiments) {
          experiment(workspace, { $case: "id", value: id.toString() });
          experiment(workspace, { $case: "name", value: name });
        }
        break;
      case "experiment":
        if (write.experiment.name !== undefined) {
          experiment(write.workspace, { $case: "name", value: write.experiment.name });
        }
        if (write.experiment.kind === "update") {
          experiment(write.workspace, { $case: "id", value: write.experiment.id.toString() });
        }
        break;
    }
  }
  return { traces, days, batches, sealed, edited, deleted, oldest, experiments };
}
