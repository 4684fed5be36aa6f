import { parseArgs } from "node:util";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { connectionTo } from "../cli/connection.ts";
import { startProgress } from "../cli/progress.ts";
import { startTraceReader, type TraceReader } from "../cli/trace/trace-reader.ts";
import {
  exportRequestOf,
  startTraceWriterClient,
  type TraceWriterClient,
  writeInvocationsRequestOf,
} from "./trace-writer-client.ts";
import { DAYS_NS } from "./traffic/rhythm.ts";
import { createTraffic, type Traffic, type TrafficOptions } from "./traffic/traffic.ts";

/*
 * `make demo-data`: fills a trace-writer that runs with traces of the last 30 days, made up by `traffic/`, over gRPC.
 * Where it was stopped it goes on: ids follow from the seed, and what is stored already is neither sent nor counted
 * again.
 */

/** So many episodes go in one request, and so many requests are under way at once. */
const BATCH_EPISODES = 400;
const LANES = 3;
/** The last traces ended so long ago: a run takes a minute at most. */
const UNTIL_AGO_NS = 120_000_000_000n;
/** The key to call with, where the trace-writer asks for one. Not an argument: those are seen by other users of the machine. */
const KEY = process.env["TWINSPAN_KEY"] || undefined;

const { values } = parseArgs({
  options: {
    traces: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    target: { type: "string", default: "127.0.0.1:7002" },
  },
});
await fill(values.target, {
  traces: countOf(values.traces),
  seed: countOf(values.seed),
  askedMax: 1_000,
  answeredMax: 400,
});

async function fill(target: string, options: Omit<TrafficOptions, "untilNs">): Promise<void> {
  using reader = startTraceReader(connectionTo(target, undefined, KEY));
  using client = startTraceWriterClient(target, KEY);
  const traffic = createTraffic({ ...options, untilNs: await untilOf(reader, options) });
  const from = Math.max(0, (await firstMissingOf(reader, traffic)) - BATCH_EPISODES * LANES);
  const total = traffic.tracesBefore(traffic.episodes);
  using progress = startProgress(
    { err: (text) => void process.stderr.write(text), errIsTerminal: process.stderr.isTTY },
    total,
  );
  const start = performance.now();
  const before = traffic.tracesBefore(from);
  let next = from;
  const lane = async () => {
    while (next < traffic.episodes) {
      const begin = next;
      next = Math.min(traffic.episodes, begin + BATCH_EPISODES);
      const end = next;
      await send(client, traffic, begin, end);
      const done = traffic.tracesBefore(end);
      const rate = (done - before) / ((performance.now() - start) / 1000);
      progress.show(done, `${done} of ${total} traces, ${rate.toFixed(0)}/s`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  process.stderr.write(`${total} traces are stored, ${total - before} of them now\n`);
}

async function send(client: TraceWriterClient, traffic: Traffic, begin: number, end: number): Promise<void> {
  const records: Buffer[] = [];
  const spans: ResourceSpans[] = [];
  for (let index = begin; index < end; index += 1) {
    const episode = traffic.episode(index);
    records.push(...episode.records);
    if (episode.spans !== undefined) spans.push(episode.spans);
  }
  await client.writeInvocations(writeInvocationsRequestOf(records));
  if (spans.length > 0) await client.exportSpans(exportRequestOf(spans));
}

/** When the traffic ends: where its first trace is stored already, 30 days after that one. */
async function untilOf(reader: TraceReader, options: Omit<TrafficOptions, "untilNs">): Promise<bigint> {
  const nowNs = BigInt(Date.now()) * 1_000_000n - UNTIL_AGO_NS;
  const [first] = await reader.infos([createTraffic({ ...options, untilNs: nowNs }).episode(0).traceId]);
  return first === undefined ? nowNs : first.startTimeUnixNano + DAYS_NS;
}

/** The first episode that is not stored, about: they are sent in order, several requests at once. */
async function firstMissingOf(reader: TraceReader, traffic: Traffic): Promise<number> {
  let low = 0;
  let high = traffic.episodes;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = await reader.infos([traffic.episode(middle).traceId]);
    if (found.length > 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`${text} must be a whole number above 0`);
  return count;
}
