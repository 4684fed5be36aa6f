import { on } from "node:events";
import { Worker } from "node:worker_threads";
import type { CliIo } from "./io.ts";

/**
 * Starts `file` as a thread, and yields what it posts until it ends, or nobody reads on: then it is ended. Ctrl-C posts
 * it `stop`, a second one ends it at once. Throws what it throws.
 */
export async function* threadEvents(file: string, data: unknown, io: CliIo): AsyncGenerator<unknown, void, undefined> {
  const worker = new Worker(file, { workerData: data, execArgv: [] });
  const onStop = () => worker.postMessage("stop");
  const onStopNow = () => void worker.terminate();
  io.stop.addEventListener("abort", onStop, { once: true });
  io.stopNow.addEventListener("abort", onStopNow, { once: true });
  try {
    for await (const [message] of on(worker, "message", { close: ["exit"] })) yield message;
  } finally {
    io.stop.removeEventListener("abort", onStop);
    io.stopNow.removeEventListener("abort", onStopNow);
    await worker.terminate();
  }
}
