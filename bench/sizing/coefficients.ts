import { z } from "zod";

/** A figure, and where it was measured or said. */
const figure = z.strictObject({ value: z.number().min(0), unit: z.string(), source: z.string().min(1) });

/** What a call takes of a process that it passes through, request and answer. */
const passing = z.strictObject({
  /** Processor time of the call itself. */
  callMs: figure,
  /** What a turn of the event loop takes, which calls that come together share. A call takes two. */
  turnMs: figure,
  /** Each KiB of payload. */
  kibMs: figure,
  /** Each chunk of a stream. */
  chunkMs: figure,
  /** Resident memory under load. */
  residentMib: figure,
});

const store = z.strictObject({
  /** Processor time of the trace-writer for a record, and for a KiB of its payload. */
  recordMs: figure,
  kibMs: figure,
  /** What a batch takes beside its records. */
  batchMs: figure,
  /** Processor time of the store's own server for a record. 0: it has none. */
  serverRecordMs: figure,
  /** Bytes on disk: of a record without payload, and of a byte of payload. */
  recordBytes: figure,
  payloadBytes: figure,
  /** What one of it takes at the most: records a second, and cores. 0: no bound is known. */
  recordsPerSecondMax: figure,
  serverCoresMax: figure,
});

/** What the model knows: every figure with its source. */
export const coefficientsSchema = z.strictObject({
  /** The run that most of it was fitted to. */
  machine: z.string(),
  date: z.string(),
  ingress: passing,
  gateway: passing,
  "trace-writer": z.strictObject({ residentMib: figure }),
  /** A message of a stream beyond the one of a turn, at one of its ends. */
  messageMs: figure,
  /** What a call under way holds of a process beside its payload. */
  callKib: figure,
  /** A record in the outbox beside its payload. */
  outboxRecordBytes: figure,
  /** What a call is on a wire beside its payload, each way, and a record to the trace-writer. */
  wireBytes: figure,
  /** What Redis can do, and what it does for a call under limits. */
  redisOpsPerSecondMax: figure,
  redisOpsPerCall: figure,
  stores: z.strictObject({ sqlite: store, postgres: store, clickhouse: store }),
});

export type Coefficients = z.output<typeof coefficientsSchema>;
export type StoreName = keyof Coefficients["stores"];
