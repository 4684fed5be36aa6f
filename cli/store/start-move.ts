import { on } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { ROOT } from "../config-source.ts";
import type { CliIo } from "../io.ts";
import { type MoveEvent, moveEvent } from "./move-events.ts";
import type { StoreSettings } from "./store-name.ts";

/** What is asked for. */
export interface MoveRequest {
  readonly task: "move" | "count" | "compare";
  readonly source: StoreSettings;
  readonly target: StoreSettings;
  readonly destinations: readonly string[];
  readonly leavesWaiting: boolean;
  readonly stateDirectory: string;
  readonly restarts: boolean;
}

const WORKER = join(ROOT, "services/trace-writer/migration/migrate-worker.ts");

/**
 * Moves traces in a thread, and tells what it tells, up to the last event. Ctrl-C ends it at the end of the page that it is at,
 * a second one at once. Throws what it throws.
 */
export async function* startMove(request: MoveRequest, io: CliIo): AsyncGenerator<MoveEvent, void, undefined> {
  const worker = new Worker(WORKER, { workerData: request, execArgv: [] });
  const ended = new AbortController();
  const onStop = () => worker.postMessage("stop");
  const onStopNow = () => void worker.terminate();
  worker.once("exit", () => ended.abort());
  io.stop.addEventListener("abort", onStop, { once: true });
  io.stopNow.addEventListener("abort", onStopNow, { once: true });
  try {
    for await (const [message] of on(worker, "message", { close: ["exit"] })) {
      const event = moveEvent.parse(message);
      yield event;
      if (event.kind === "done" || event.kind === "stopped" || event.kind === "failed") return;
    }
  } finally {
    io.stop.removeEventListener("abort", onStop);
    io.stopNow.removeEventListener("abort", onStopNow);
    await worker.terminate();
  }
}
