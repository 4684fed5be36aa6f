import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Load, LoadResult } from "./load.ts";
import type { MeasuredProcess } from "./processes.ts";

const run = promisify(execFile);

/** What is measured: where the requests go, and whether they leave traces. */
export interface Target {
  readonly name: string;
  readonly origin: string;
  /** The model, that is the endpoint, that is asked for. */
  readonly model: string;
  readonly withContext: boolean;
}

/** A way of asking. */
export interface Mode {
  readonly name: "plain" | "stream";
  readonly concurrency: number;
}

/** What a round came to. */
export interface Round {
  readonly target: string;
  readonly mode: Mode;
  readonly requestsPerSecond: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
  /** Processor time for a request, in milliseconds, by process. Includes what happens after the answer. */
  readonly cpuMsPerRequest: ReadonlyMap<string, number>;
}

/** Ten words, so that a stream has ten chunks. */
const QUESTION = "one two three four five six seven eight nine ten";

/** Runs one round. `settle` waits until the work behind the answers is done, so that it is counted with its round. */
export async function runRound(
  target: Target,
  mode: Mode,
  seconds: number,
  processes: readonly MeasuredProcess[],
  settle: () => Promise<void>,
): Promise<Round> {
  const load: Load = {
    origin: target.origin,
    path: "/v1/chat/completions",
    body: JSON.stringify({
      model: target.model,
      ...(mode.name === "stream" ? { stream: true } : {}),
      messages: [{ role: "user", content: QUESTION }],
    }),
    concurrency: mode.concurrency,
    seconds,
    withContext: target.withContext,
  };
  const before = processes.map((measured) => measured.cpuSeconds());
  const generator = new URL("./load.ts", import.meta.url).pathname;
  const { stdout } = await run(process.execPath, [generator, JSON.stringify(load)], { maxBuffer: 256 * 1024 * 1024 });
  const result: LoadResult = JSON.parse(stdout);
  await settle();
  const cpuMsPerRequest = new Map(
    processes.map((measured, index) => [
      measured.name,
      ((measured.cpuSeconds() - (before[index] ?? 0)) * 1000) / Math.max(1, result.requests),
    ]),
  );
  return {
    target: target.name,
    mode,
    requestsPerSecond: result.requests / result.seconds,
    errors: result.errors,
    p50Ms: quantile(result.latenciesMs, 0.5),
    p99Ms: quantile(result.latenciesMs, 0.99),
    firstByteP50Ms: quantile(result.firstByteMs, 0.5),
    cpuMsPerRequest,
  };
}

/** The median over rounds of the same target and mode, figure by figure. */
export function medianRoundOf(rounds: readonly Round[]): Round {
  const [first] = rounds;
  if (first === undefined) throw new RangeError("there are no rounds");
  const median = (figure: (round: Round) => number) =>
    quantile(
      rounds.map(figure).sort((a, b) => a - b),
      0.5,
    );
  return {
    target: first.target,
    mode: first.mode,
    requestsPerSecond: median((round) => round.requestsPerSecond),
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
    p50Ms: median((round) => round.p50Ms),
    p99Ms: median((round) => round.p99Ms),
    firstByteP50Ms: median((round) => round.firstByteP50Ms),
    cpuMsPerRequest: new Map(
      Array.from(first.cpuMsPerRequest.keys(), (name) => [
        name,
        median((round) => round.cpuMsPerRequest.get(name) ?? 0),
      ]),
    ),
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
