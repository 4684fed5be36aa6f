import { expect } from "vitest";
import { until } from "../../tools/until.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { type Copy, type Fleet, TRANSPORTS, type Transport } from "./fleet.ts";
import type { TimedCall } from "./tell-failures.ts";

/** A call that has ended. */
export interface FleetCall extends TimedCall {
  /** The trace of its caller, as `tr-…`. */
  readonly agentTraceName: string;
}

/** A balancer's view of an ingress: where it is, and how it reaches gateways. */
export interface Entrance {
  readonly ingress: Copy;
  readonly transport: Transport;
}

/** Callers who make one call after another, at the entrances in turn. */
export interface FleetLoad {
  readonly calls: readonly FleetCall[];
  /** Where the next calls go. */
  entrances: readonly Entrance[];
  /** Waits until so many more calls have ended. */
  more(count: number): Promise<void>;
  /** Tells them to stop, and waits until all have. */
  stop(): Promise<void>;
}

/** How many there are: as many calls are under way at the most. */
export const CALLERS = 24;
const LOAD_MS = 120_000;
const SPREAD_TIMES = 4;

export function startFleetLoad(entrances: readonly Entrance[]): FleetLoad {
  const calls: FleetCall[] = [];
  let next = 0;
  let isStopped = false;
  const load = { calls, entrances, more, stop };
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!isStopped) {
      next += 1;
      const entrance = load.entrances[next % load.entrances.length];
      if (entrance === undefined) throw new RangeError("there is always an ingress");
      const caller = newCaller();
      const beganAtMs = Date.now();
      const headers = { traceparent: caller.traceparent };
      const asked = { model: entrance.transport, stream: next % 3 === 0, headers };
      const to = entrance.ingress.opsUrl;
      const answer = await chat(to, asked);
      calls.push({ agentTraceName: `tr-${caller.traceId}`, to, answer, beganAtMs, endedAtMs: Date.now() });
    }
  });
  async function more(count: number) {
    const wanted = calls.length + count;
    await until(`${count} calls more`, () => calls.length >= wanted, LOAD_MS);
  }
  async function stop() {
    isStopped = true;
    await Promise.all(callers);
  }
  return load;
}

/** Whether a call got its answer to the end, and that answer was no error. */
export function wentWell({ answer }: FleetCall): boolean {
  return answer.status === 200 && answer.isComplete;
}

/** What copies do, as a metric of theirs counts it. */
export interface Work {
  readonly copies: readonly Copy[];
  /** As its lines begin. */
  readonly metric: string;
  /** How far a copy may be from its share, at the most. */
  readonly tolerance: number;
}

/**
 * Expects that of `calls` more calls each copy has its share of each work, but for what is tolerated. Who shares the
 * machine may hold one copy up for a while, so it is enough that it is so once in a few times.
 */
export async function expectSpread(load: FleetLoad, calls: number, works: readonly Work[]): Promise<void> {
  const read = () =>
    Promise.all(works.map(({ copies, metric }) => Promise.all(copies.map((copy) => copy.metric(metric)))));
  const uneven: string[] = [];
  for (let time = 0; time < SPREAD_TIMES; time += 1) {
    const before = await read();
    await load.more(calls);
    const after = await read();
    const told = works.flatMap(({ metric, tolerance }, work) => {
      const done = after[work]?.map((now, copy) => now - (before[work]?.[copy] ?? 0)) ?? [];
      const share = done.reduce((sum, part) => sum + part, 0) / done.length;
      return done.every((part) => Math.abs(part / share - 1) <= tolerance) ? [] : [`${metric}: ${done.join(", ")}`];
    });
    if (told.length === 0) return;
    uneven.push(...told);
  }
  expect(uneven).toEqual([]);
}

/** Waits until every copy has done some of each work. */
export async function untilAllWork(load: FleetLoad, works: readonly Work[]): Promise<void> {
  for (let isDone = false; !isDone; ) {
    await load.more(2 * CALLERS);
    const done = works.map(async ({ copies, metric }) =>
      (await Promise.all(copies.map((copy) => copy.metric(metric)))).every((count) => count > 0),
    );
    isDone = (await Promise.all(done)).every((all) => all);
  }
}

/** What of calls is stored, in numbers. */
export interface FleetLedger {
  readonly calls: number;
  readonly well: number;
  readonly stored: number;
  /** Calls that went well, or whose caller was told the name of a trace, and of which that is not stored with its twin. */
  readonly lost: number;
  /** Traces, and mirrors, beyond one for a call. */
  readonly doubled: number;
  /** Traces that no caller has to do with. */
  readonly foreign: number;
}

/** Compares what callers saw with what is stored, both ways. */
export async function ledgerOf(fleet: Fleet, calls: readonly FleetCall[]): Promise<FleetLedger> {
  const full = (await Promise.all(TRANSPORTS.map((name) => fleet.stored.inExperiment(`gateway/${name}`)))).flat();
  const mirrored = await fleet.stored.pending();
  const fullNames = new Set(full.map(({ traceId }) => traceId));
  const agents = new Map(mirrored.map(({ traceId, linkedTraceIds }) => [traceId, linkedTraceIds]));
  const callers = new Set(calls.map(({ agentTraceName }) => agentTraceName));
  const named = calls.filter((call) => wentWell(call) || call.answer.traceName !== undefined);
  const isThere = ({ agentTraceName, answer }: FleetCall) =>
    agents.get(agentTraceName)?.join() === answer.traceName && fullNames.has(answer.traceName ?? "");
  const linked = mirrored.flatMap(({ linkedTraceIds }) => linkedTraceIds);
  return {
    calls: calls.length,
    well: calls.filter(wentWell).length,
    stored: fullNames.size,
    lost: named.filter((call) => !isThere(call)).length,
    doubled: full.length - fullNames.size + linked.length - new Set(linked).size + linked.length - mirrored.length,
    foreign:
      mirrored.filter(({ traceId }) => !callers.has(traceId)).length +
      [...fullNames].filter((name) => !linked.includes(name)).length,
  };
}
