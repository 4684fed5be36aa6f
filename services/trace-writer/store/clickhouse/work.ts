import type { NamedExperiment } from "../../core/spans/span-row.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type { StoreEvent } from "../trace-store.ts";
import type { Experiments } from "./experiment-table.ts";
import { type TraceId, traceKeyOf } from "./trace-key.ts";
import { TraceState } from "./trace-state.ts";
import { WorkingTrace } from "./working-trace.ts";

/** What the commit at hand works on, in memory: what was read, and what is to be stored. */
export class Work {
  readonly experiments: Experiments;
  readonly nowMs: number;
  readonly traceSpansMax: number;
  readonly traces = new Map<string, WorkingTrace>();
  readonly events = new Map<StoreEvent, number>();
  readonly adoptionWaitsMs: number[] = [];
  /** Traces whose link to another is void. They may not have been read yet. */
  readonly estranged: { readonly trace: TraceId; readonly from: TraceId }[] = [];

  constructor(experiments: Experiments, nowMs: number, traceSpansMax: number) {
    this.experiments = experiments;
    this.nowMs = nowMs;
    this.traceSpansMax = traceSpansMax;
  }

  /** Takes in what was read. */
  load(states: ReadonlyMap<string, TraceState>): void {
    for (const [key, state] of states) this.traces.set(key, this.#workingTraceOf(state));
  }

  /** The trace, which was read. */
  trace(workspace: string, traceId: string): WorkingTrace {
    const key = traceKeyOf({ workspace, traceId });
    const there = this.traces.get(key) ?? this.#workingTraceOf(new TraceState(workspace, traceId));
    this.traces.set(key, there);
    return there;
  }

  /** The experiment that is chosen; by name it is created when missing. Undefined: by id, and there is none. */
  experiment(workspace: string, choice: ExperimentChoice): NamedExperiment | undefined {
    const found = this.experiments.find(workspace, choice);
    if (found !== undefined || choice.$case === "id") return found;
    return this.experiments.create(workspace, choice.value, this.nowMs);
  }

  /** An experiment as it is called now. */
  calledNow(experiment: NamedExperiment | undefined): NamedExperiment | undefined {
    return experiment && (this.experiments.byId(experiment.id) ?? experiment);
  }

  count(event: StoreEvent, times = 1): void {
    if (times > 0) this.events.set(event, (this.events.get(event) ?? 0) + times);
  }

  #workingTraceOf(state: TraceState): WorkingTrace {
    return new WorkingTrace(state, BigInt(this.traces.size));
  }
}
