import type { MoveEvent, StoreTold } from "#lib/tasks/move-task.ts";
import { bytesText } from "#lib/traces/bytes-text.ts";
import { CliError, type CliIo } from "../io.ts";
import { numberText, paceOf } from "../pace.ts";
import { type Progress, startProgress } from "../progress.ts";

/** How many differences are told one by one. */
const DIFFERENT_SHOWN_MAX = 20;

/**
 * Shows how far a move, or a comparison, has come. Resolves to what is told when it is done; throws a CliError where it
 * is stopped, cannot be done, or has found a difference.
 */
export async function showMove(events: AsyncIterable<MoveEvent>, io: CliIo): Promise<string> {
  using shown = new DisposableStack();
  const startMs = performance.now();
  let progress: Progress | undefined;
  let total = 0;
  let told = "";
  let differences = 0;
  const different: string[] = [];
  for await (const event of events) {
    const elapsedMs = performance.now() - startMs;
    switch (event.kind) {
      case "opened":
        total = event.source.traces;
        told = `${storeText("from", event.source)}\n${storeText("to  ", event.target)}`;
        progress = shown.use(startProgress(io, total));
        break;
      case "moved": {
        const { traces, bytes, before } = event;
        const pace = paceOf({ done: traces, before, total, elapsedMs });
        progress?.show(
          traces,
          detailOf(`${numberText(traces)} of ${numberText(total)} traces`, bytesText(bytes), pace),
        );
        told = `moved ${numberText(traces)} traces, ${bytesText(bytes)}`;
        break;
      }
      case "compared": {
        const pace = paceOf({ done: event.traces, before: 0, total, elapsedMs });
        progress?.show(event.traces, detailOf(`${numberText(event.traces)} of ${numberText(total)} compared`, pace));
        told = `compared ${numberText(event.traces)} traces: all are read the same`;
        differences = event.different;
        break;
      }
      case "different":
        if (different.length < DIFFERENT_SHOWN_MAX) different.push(event.what);
        break;
      case "done":
        if (differences > 0) throw new CliError(differencesText(differences, different));
        return told;
      case "stopped":
        throw new CliError(`stopped: ${told}. The same command goes on from here.`);
      case "failed":
        throw new CliError(event.message);
    }
  }
  throw new CliError("stopped. The same command goes on where it was.");
}

function storeText(word: string, { place, traces, bytes }: StoreTold): string {
  return `${word} ${place}: ${numberText(traces)} traces, ${bytesText(bytes)} as it keeps them`;
}

function detailOf(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}

function differencesText(count: number, first: readonly string[]): string {
  const more = count > first.length ? [`  and ${numberText(count - first.length)} more`] : [];
  return [`not read the same on both sides: ${numberText(count)}`, ...first.map((what) => `  ${what}`), ...more].join(
    "\n",
  );
}
