import { Pool } from "undici";

/** One round of load, given as JSON in the first argument. The result is written as JSON to standard output. */
export interface Load {
  /** Where to: `http://127.0.0.1:8080`. */
  readonly origin: string;
  readonly path: string;
  /** The request's body. */
  readonly body: string;
  /** How many requests are on the way at the same time, each over a connection of its own. */
  readonly concurrency: number;
  readonly seconds: number;
  /** Whether each request carries a trace context of its own, sampled. */
  readonly withContext: boolean;
}

/** What a round came to. */
export interface LoadResult {
  readonly requests: number;
  /** Answers that were no 200, or broke off. */
  readonly errors: number;
  readonly seconds: number;
  /** From the request to its last byte, in milliseconds, sorted. */
  readonly latenciesMs: readonly number[];
  /** From the request to its first byte, in milliseconds, sorted. */
  readonly firstByteMs: readonly number[];
}

/** Runs `concurrency` loops of one request after another. */
async function run(load: Load): Promise<LoadResult> {
  const pool = new Pool(load.origin, { connections: load.concurrency, pipelining: 1 });
  const latenciesMs: number[] = [];
  const firstByteMs: number[] = [];
  let errors = 0;
  const start = performance.now();
  const end = start + load.seconds * 1000;

  async function loop(worker: number): Promise<void> {
    for (let count = 1; performance.now() < end; count += 1) {
      const sent = performance.now();
      const isWell = await request(worker, count, (firstByte) => firstByteMs.push(firstByte - sent));
      if (isWell) latenciesMs.push(performance.now() - sent);
      else errors += 1;
    }
  }

  async function request(worker: number, count: number, onFirstByte: (at: number) => void): Promise<boolean> {
    try {
      const answer = await pool.request({
        method: "POST",
        path: load.path,
        headers: headersOf(load, worker, count),
        body: load.body,
      });
      let isFirst = true;
      for await (const _piece of answer.body) {
        if (isFirst) onFirstByte(performance.now());
        isFirst = false;
      }
      return answer.statusCode === 200;
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  }

  await Promise.all(Array.from({ length: load.concurrency }, (_, worker) => loop(worker + 1)));
  const seconds = (performance.now() - start) / 1000;
  await pool.close();
  return {
    requests: latenciesMs.length,
    errors,
    seconds,
    latenciesMs: latenciesMs.sort((a, b) => a - b),
    firstByteMs: firstByteMs.sort((a, b) => a - b),
  };
}

function headersOf({ withContext }: Load, worker: number, count: number): Record<string, string> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (withContext) {
    const traceId = `${worker.toString(16).padStart(8, "0")}${Date.now().toString(16).padStart(12, "0")}${count.toString(16).padStart(12, "0")}`;
    headers["traceparent"] = `00-${traceId}-${count.toString(16).padStart(16, "0")}-01`;
  }
  return headers;
}

const [, , argument = "{}"] = process.argv;
const load: Load = JSON.parse(argument);
process.stdout.write(JSON.stringify(await run(load)));
