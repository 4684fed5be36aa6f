import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { writeReportSection } from "../../tools/report-section.ts";
import { type ChatAnswer, chat } from "../callers/chat.ts";
import { type Stack, startStack } from "../system/stack.ts";

/*
 * `make overload`: how long calls take that are let in, alone and while a flood asks for many times as much as is taken
 * on. Real processes, on one machine with the flood. What it came to is written into docs/reliability.md.
 */

const MODEL = "paced";
/** A provider that takes its time, so that calls are few and latency is theirs. */
const PROVIDER_MS = 100;
/** What two cores keep up with: a limit beyond that lets in more than can be served in time. */
const CALLS_MAX = 24;
const CALLERS = 16;
/** Who is turned away waits so long before the next call. */
const AGAIN_MS = 50;
const FLOODS = [
  { words: "1,000 calls a second", connections: 100, pauseMs: 100 },
  { words: "500 connections, as fast as they are answered", connections: 500, pauseMs: 0 },
] as const;
const { values } = parseArgs({ options: { seconds: { type: "string", default: "10" } } });
const runMs = Number(values.seconds) * 1000;

await using stack = await startStack({
  models: [MODEL],
  behaviours: { [MODEL]: { delayHeadMs: PROVIDER_MS } },
  ingress: { limits: { callsMax: CALLS_MAX } },
});
await callFor(stack, 2_000);
const rows = [`| none | ${rowOf(await callFor(stack, runMs))} | – | – |`];
for (const { words, ...flood } of FLOODS) {
  const workerData = { ...flood, url: stack.url, model: MODEL };
  const worker = new Worker(new URL("./overload-flood.ts", import.meta.url), { workerData });
  await callFor(stack, 2_000);
  const shedBefore = await stack.ingress.metric("twinspan_calls_shed_total");
  const seen = await callFor(stack, runMs);
  const shed = (await stack.ingress.metric("twinspan_calls_shed_total")) - shedBefore;
  await worker.terminate();
  const perSecond = Math.round(shed / (runMs / 1000)).toLocaleString("en-US");
  rows.push(`| ${words} | ${rowOf(seen)} | ${perSecond} a second | ${msText(percentile(seen.refused, 50))} |`);
}

const report = [
  `${CALLERS} callers with one call after another to a provider that takes ${PROVIDER_MS} ms; \`ingress.limits.callsMax\` is ${CALLS_MAX}. Flood, callers, provider`,
  "and all of twinspan share two cores.",
  "",
  "| flood | their calls let in | p50 | p95 | p99 | turned away, of all | p50 |",
  "| --- | --- | --- | --- | --- | --- | --- |",
  ...rows,
].join("\n");
process.stdout.write(`${report}\n`);
writeReportSection("docs/reliability.md", "overload", report);

interface Seen {
  /** How long each call took that was let in, and each that was turned away, in milliseconds. */
  readonly taken: readonly number[];
  readonly refused: readonly number[];
}

/** Calls for so long. */
async function callFor({ url }: Stack, forMs: number): Promise<Seen> {
  const taken: number[] = [];
  const refused: number[] = [];
  const endMs = performance.now() + forMs;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (performance.now() < endMs) {
      const startMs = performance.now();
      const answer: ChatAnswer = await chat(url, { model: MODEL });
      if (answer.status !== 200 && answer.status !== 503) throw new Error(`${answer.status} ${answer.body}`);
      (answer.status === 200 ? taken : refused).push(performance.now() - startMs);
      if (answer.status !== 200) await pause(AGAIN_MS);
    }
  });
  await Promise.all(callers);
  return { taken, refused };
}

function rowOf({ taken }: Seen): string {
  return [taken.length, ...[50, 95, 99].map((rank) => msText(percentile(taken, rank)))].join(" | ");
}

function percentile(times: readonly number[], rank: number): number | undefined {
  return times.toSorted((a, b) => a - b)[Math.ceil((times.length * rank) / 100) - 1];
}

function msText(ms: number | undefined): string {
  return ms === undefined ? "–" : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
