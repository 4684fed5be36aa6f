import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { MeasuredProcess } from "../processes.ts";
import { type ReadSummary, summariesOf, type WriteFigures } from "./figures.ts";
import type { ReadFigures, ReadLoad } from "./read-load.ts";
import type { WriteLoad, WriteProgress } from "./write-load.ts";

const run = promisify(execFile);
const SPANS = { records: 4, traces: 4, owners: 1 } as const;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** Who asks seldom stops to collect what answers were made of: such a pause would count as the trace-writer's. */
const ROOM_TO_ASK = ["--min-semi-space-size=128", "--max-semi-space-size=128"];

/** Writes from a process of its own. Resolves with what it came to when all is stored. */
export async function write(
  name: string,
  load: WriteLoad,
  service: MeasuredProcess,
  onProgress: (progress: WriteProgress) => void,
): Promise<{ readonly figures: WriteFigures; readonly payloadBytes: number }> {
  const child = spawn(process.execPath, ["bench/store/write-load.ts", JSON.stringify(load)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const cpuBefore = service.cpuSeconds();
  let last: WriteProgress = { done: 0, seconds: 0, payloadBytes: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line);
    onProgress(last);
  }
  await exit;
  if (last.done < load.count) throw new Error(`${name}: ${last.done} of ${load.count} were written`);
  const cpuMs = ((service.cpuSeconds() - cpuBefore) / load.count) * 1000;
  const spansPerSecond = (load.count * SPANS[load.what]) / last.seconds;
  const figures = { name, batch: load.batch, lanes: load.lanes, messages: load.count, spansPerSecond, cpuMs };
  return { figures, payloadBytes: last.payloadBytes };
}

/** Reads from a process of its own. */
export async function read(load: ReadLoad): Promise<readonly ReadSummary[]> {
  const args = [...ROOM_TO_ASK, "bench/store/read-load.ts", JSON.stringify(load)];
  const { stdout } = await run(process.execPath, args, { maxBuffer: OUTPUT_BYTES_MAX });
  const figures: ReadFigures = JSON.parse(stdout);
  return summariesOf(figures);
}
