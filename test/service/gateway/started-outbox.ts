import { expect } from "vitest";
import { createLogger } from "#lib/logger.ts";
import { startOutbox } from "../../../services/gateway/outbox/outbox.ts";
import type { RecordingTraceWriter } from "../../neighbours/recording-trace-writer.ts";
import { configOf } from "../../system/start-gateway.ts";
import { sampleInvocation, sampleRecord } from "./sample-record.ts";

/** Larger than what any test puts. */
const BYTES_MAX = 256 * 1024 * 1024;

/** Who takes an outbox's records, and who hears what it says. */
export interface Around {
  readonly traceWriter: RecordingTraceWriter;
  /** What is logged, a line each. */
  readonly logged: string[];
  /** Default: 1. */
  readonly lingerMs?: number;
}

/** An outbox that waits for any disk: what was put into it is known to be committed. */
export function startOutboxAt(path: string, { traceWriter, logged, lingerMs = 1 }: Around): Promise<StartedOutbox> {
  const options = { bytesMax: BYTES_MAX, commitWaitMs: 20_000, lingerMs };
  const { outbox } = configOf({ endpoints: {}, outbox: options }, path, "http://127.0.0.1:1/v1", "unused").gateway;
  const log = createLogger("gateway", "info", { write: (line) => void logged.push(line) });
  return startOutbox({ outbox, traceWriter: traceWriter.address, peerTls: undefined }, log);
}

type StartedOutbox = Awaited<ReturnType<typeof startOutbox>>;

/** Puts a record of so many bytes into it, and returns its trace's id. */
export async function put(outbox: StartedOutbox, bytes = 10): Promise<string> {
  const call = sampleInvocation();
  expect(await outbox.finish(call, sampleRecord(call, Buffer.alloc(bytes, "x")))).toBe("in_time");
  return call.traceId;
}

/** The ids of the traces that a trace-writer has taken. */
export const takenBy = ({ records }: RecordingTraceWriter): ReadonlySet<string | undefined> =>
  new Set(records.map(({ full }) => full?.traceId.toString("hex")));
