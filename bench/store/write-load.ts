import { setTimeout as pause } from "node:timers/promises";
import { startTraceWriterClient, writeInvocationsRequestOf } from "../trace-writer-client.ts";
import { STEP_NS, stamped, type Template } from "./stamp.ts";
import { createTemplates } from "./templates.ts";

/** What is to be written, given as JSON in the first argument: what it came to is written as JSON lines to standard output. */
export interface WriteLoad {
  readonly target: string;
  /** Records of calls, traces of agents, or the spans that adopt the mirrors of records. */
  readonly what: "records" | "traces" | "owners";
  /** The number of the first message, and how many follow. Messages of one number are the same. */
  readonly from: number;
  readonly count: number;
  /** Messages a request, and requests under way at once. */
  readonly batch: number;
  readonly lanes: number;
  /** No more messages a second than this. Absent: as many as are taken. */
  readonly perSecond?: number;
}

/** How far it has come: a line now and then, the last when all is stored. */
export interface WriteProgress {
  readonly done: number;
  readonly seconds: number;
  /** What the payload of all these is, before it is compressed, in bytes. */
  readonly payloadBytes: number;
}

/** So often it says how far it has come, in milliseconds. */
const TELL_MS = 250;
/** Agents' traces have numbers of their own. */
const TRACES_FROM = 300_000_000;
/** Where agents' traces go. */
const EXPERIMENT = "bench-agents";

/** Makes requests while others are under way, so that the trace-writer always has one to work on. */
async function run(load: WriteLoad): Promise<void> {
  const templates = createTemplates();
  using client = startTraceWriterClient(load.target);
  const payloadOfOne = { records: templates.recordPayloadBytes, traces: templates.tracePayloadBytes, owners: 0 }[
    load.what
  ];
  const start = performance.now();
  let next = load.from;
  let done = 0;
  let toldMs = 0;
  const end = load.from + load.count;
  const tell = () => {
    toldMs = performance.now();
    const progress: WriteProgress = { done, seconds: (toldMs - start) / 1000, payloadBytes: done * payloadOfOne };
    process.stdout.write(`${JSON.stringify(progress)}\n`);
  };
  const lane = async () => {
    while (next < end) {
      const first = next;
      next = Math.min(end, first + load.batch);
      if (load.perSecond !== undefined) {
        const dueMs = start + ((first - load.from) / load.perSecond) * 1000;
        await pause(Math.max(0, dueMs - performance.now()));
      }
      const messages = messagesOf(templates[load.what], first, next, load.what === "traces" ? TRACES_FROM : 0);
      await (load.what === "records"
        ? client.writeInvocations(writeInvocationsRequestOf(messages))
        : client.exportSpans(Buffer.concat(messages), EXPERIMENT));
      done += messages.length;
      if (performance.now() - toldMs > TELL_MS) tell();
    }
  };
  await Promise.all(Array.from({ length: load.lanes }, lane));
  tell();
}

function messagesOf(templates: readonly Template[], from: number, to: number, offset: number): readonly Buffer[] {
  const messages: Buffer[] = [];
  for (let number = from; number < to; number += 1) {
    const template = templates[number % templates.length];
    if (template === undefined) throw new Error("there are no templates");
    messages.push(stamped(template, { number: number + offset, laterNs: BigInt(number) * STEP_NS }));
  }
  return messages;
}

const [, , argument = "{}"] = process.argv;
const load: WriteLoad = JSON.parse(argument);
await run(load);
