import type { DrainEvent, DrainState } from "#lib/tasks/drain-task.ts";
import { CliError, type CliIo } from "../io.ts";
import { numberText, paceOf } from "../pace.ts";
import { type Progress, startProgress } from "../progress.ts";

/**
 * Shows how far a drain has come. Resolves to what is told when nothing waits any more; throws a CliError where it is
 * stopped, cannot be done, or the trace-writer has taken nothing for `patienceMs`.
 */
export async function showDrain(events: AsyncIterable<DrainEvent>, patienceMs: number, io: CliIo): Promise<string> {
  using shown = new DisposableStack();
  const startMs = performance.now();
  let progress: Progress | undefined;
  let total = 0;
  let state: DrainState = { records: 0, shipped: 0, shed: {} };
  let takenMs = startMs;
  for await (const event of events) {
    const nowMs = performance.now();
    switch (event.kind) {
      case "opened":
        total = event.records + event.inFlight;
        progress = shown.use(startProgress(io, total));
        break;
      case "state": {
        if (event.state.trouble === undefined) takenMs = nowMs;
        state = event.state;
        if (nowMs - takenMs > patienceMs) throw new CliError(unfinishedText(state));
        const done = total - state.records;
        const pace = state.trouble ?? paceOf({ done, before: 0, total, elapsedMs: nowMs - startMs });
        progress?.show(done, `${numberText(done)} of ${numberText(total)} records${pace && `, ${pace}`}`);
        break;
      }
      case "done":
        if (state.records > 0) throw new CliError(unfinishedText(state));
        return `delivered ${numberText(state.shipped)} records${givenUpText(state)}. The file is empty, and may be deleted.`;
      case "failed":
        throw new CliError(event.message);
    }
  }
  throw new CliError(unfinishedText(state));
}

function unfinishedText(state: DrainState): string {
  const why = state.trouble === undefined ? "" : ` (${state.trouble})`;
  const told = `delivered ${numberText(state.shipped)} records${givenUpText(state)}, ${numberText(state.records)} wait`;
  return `stopped: ${told}${why}. The same command goes on from here.`;
}

/** What was given up, by what and why: `, given up: 2 record:refused`. */
function givenUpText({ shed }: DrainState): string {
  const given = Object.entries(shed).filter(([, count]) => count > 0);
  return given.length === 0 ? "" : `, given up: ${given.map(([what, count]) => `${count} ${what}`).join(", ")}`;
}
