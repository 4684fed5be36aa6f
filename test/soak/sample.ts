import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sumOfMetric } from "../../tools/metrics-text.ts";
import { until } from "../../tools/until.ts";
import type { ServiceProcess } from "../system/service-process.ts";

/** What a process holds at a moment. */
export interface Sample {
  /** What is on the heaps of all its threads, and the buffers beside them, right after garbage was collected, in bytes. */
  readonly heapBytes: number;
  /** Resident memory, in bytes. */
  readonly rssBytes: number;
  /** Open file descriptors. */
  readonly descriptors: number;
  /** Timers, sockets and requests that keep its threads alive. */
  readonly handles: number;
  /** Time series that it tells to whoever scrapes it. */
  readonly series: number;
  /** What waits in its queues: records in the outbox, or bytes before the store. */
  readonly waiting: number;
}

const heldSchema = z.object({ asked: z.string(), heapBytes: z.number(), handles: z.number() });
const QUEUES = ["twinspan_outbox_records", "twinspan_trace_writer_queue_bytes"];
/** A thread that is busy answers later. */
const ANSWER_MS = 15_000;

/** Takes a sample of a service that was started with the probe, whose directory is `probes`. */
export async function sampleOf(service: ServiceProcess, probes: string, number: number): Promise<Sample> {
  const asked = String(number);
  writeFileSync(join(probes, "ask.new"), asked);
  renameSync(join(probes, "ask.new"), join(probes, "ask"));
  const threads = await until(`${service.name} says what it holds`, () => answersTo(probes, asked), ANSWER_MS);
  const metrics = await service.metrics();
  const process = `/proc/${service.pid}`;
  const status = readFileSync(`${process}/status`, "utf8");
  return {
    heapBytes: threads.reduce((sum, { heapBytes }) => sum + heapBytes, 0),
    handles: threads.reduce((sum, { handles }) => sum + handles, 0),
    rssBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
    descriptors: readdirSync(`${process}/fd`).length,
    series: metrics.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length,
    waiting: QUEUES.reduce((sum, queue) => sum + sumOfMetric(metrics, queue), 0),
  };
}

/** What all threads have answered. Undefined: some have not yet. */
function answersTo(probes: string, asked: string) {
  const files = readdirSync(probes).filter((file) => /^thread-\d+$/.test(file));
  const answers = files.map((file) => heldSchema.parse(JSON.parse(readFileSync(join(probes, file), "utf8"))));
  return answers.length > 0 && answers.every((answer) => answer.asked === asked) ? answers : undefined;
}

/** Makes ready a directory for the probes of a process. */
export function prepareProbes(probes: string): void {
  mkdirSync(probes);
  writeFileSync(join(probes, "ask"), "");
}
