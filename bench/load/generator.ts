import { setTimeout as pause } from "node:timers/promises";
import { Lane } from "./lane.ts";
import type { Load, LoadResult } from "./load.ts";
import { percentilesOf, Tally } from "./tally.ts";

/*
 * The load generator, a process that is told by messages what to send, one `Load` after another, and answers each with
 * a `LoadResult`. It speaks HTTP by bytes that are ready, and looks for no more in answers than their end, so that it
 * takes a small part of what is measured.
 */

/** How long answers are waited for after the last request. Those that have not come by then are errors. */
const TAIL_MS = 10_000;
/** How often it is looked which requests are due in an open loop, and, once all were sent, whether all were answered. */
const TICK_MS = 1;
const TAIL_TICK_MS = 5;

process.on("message", async (load: Load) => {
  process.send?.(await run(load));
});

async function run(load: Load): Promise<LoadResult> {
  const tally = new Tally();
  using lanes = new DisposableStack();
  const idle: Lane[] = [];
  const all = Array.from({ length: load.connections }, () => lanes.use(new Lane(load, tally, (lane) => next(lane))));
  await Promise.allSettled(all.map((lane) => lane.open()));
  const { user, system } = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + load.seconds * 1000;
  let lastMs = startMs;
  const next = load.perSecond === undefined ? again : rest;
  if (load.perSecond === undefined) {
    await beginSpread();
  } else {
    idle.push(...all);
    await sendWhenDue(load.perSecond);
  }
  await pause(Math.max(0, endMs - performance.now()));
  await untilIdle(all.length);
  const after = process.cpuUsage();
  return {
    calls: tally.latenciesMs.length,
    errors: tally.errors,
    seconds: (lastMs - startMs) / 1000,
    latencyMs: percentilesOf(tally.latenciesMs),
    firstByteMs: percentilesOf(tally.firstBytesMs),
    gapMs: percentilesOf(tally.gapsMs),
    cpuSeconds: (after.user + after.system - user - system) / 1e6,
  };

  /** Streams that begin together would go on together, each chunk of one with those of all others. */
  async function beginSpread(): Promise<void> {
    for (const [index, lane] of all.entries()) {
      const dueMs = startMs + (index / all.length) * load.spreadMs;
      while (performance.now() < dueMs) await pause(TICK_MS);
      lane.send(performance.now());
    }
  }

  function again(lane: Lane): void {
    lastMs = performance.now();
    if (lastMs < endMs) lane.send(lastMs);
    else idle.push(lane);
  }

  function rest(lane: Lane): void {
    lastMs = performance.now();
    idle.push(lane);
  }

  /**
   * Sends what is due. Where all connections are busy a request waits for one, and its time runs: what the target keeps
   * waiting is not left out of its figures.
   */
  async function sendWhenDue(perSecond: number): Promise<void> {
    const total = Math.floor(load.seconds * perSecond);
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1000) * perSecond) + 1);
      for (; sent < due && idle.length > 0; sent += 1) idle.pop()?.send(startMs + (sent / perSecond) * 1000);
      if (performance.now() > endMs + TAIL_MS) {
        for (; sent < total; sent += 1) tally.failed("never sent");
      }
      await pause(TICK_MS);
    }
  }

  async function untilIdle(count: number): Promise<void> {
    const limitMs = performance.now() + TAIL_MS;
    while (idle.length < count && performance.now() < limitMs) await pause(TAIL_TICK_MS);
    for (const lane of all) lane.giveUp();
  }
}
