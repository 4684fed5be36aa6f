import { z } from "zod";
import { bytes, count, MiB, ms } from "./scalars.ts";

/** `gateway.outbox`: where records wait for the trace-writer. */
export const outbox = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .default("var/outbox.db")
      .describe(
        "The outbox's file, which is its lock; beside it are `<path>.1`, `<path>.2` and so on with what waits. Each gateway process needs one of its own.",
      ),
    durability: z
      .enum(["process", "power"])
      .default("process")
      .describe("What a record survives once committed: the death of the process, or the loss of power (fsync)."),
    bytesMax: bytes(
      512 * MiB,
      "How much may wait for the trace-writer. From 80 % on new records lose their payload; at 100 % they are dropped. Both are counted.",
    ),
    commitWaitMs: ms(
      50,
      "How long the end of an answer waits for its record's commit. Past it the record counts as late.",
    ),
    batchRecordsMax: count(256, 1000, "How many records go to the trace-writer in one RPC."),
    batchBytesMax: bytes(4 * MiB, "How many bytes go in one RPC. A record larger than that goes alone."),
    lingerMs: z
      .int()
      .min(0)
      .max(10_000)
      .default(50)
      .describe("How long the shipper lets a batch fill up before it sends it. A batch that is full goes at once."),
    shipMs: ms(30_000, "The deadline of one RPC to the trace-writer."),
    drainMs: ms(
      5_000,
      "How long shipping goes on after the last call, once the gateway is told to stop. The next process ships the rest.",
    ),
    retryMinMs: ms(100, "The shortest wait before a failed batch is sent again; doubled each time, with full jitter."),
    retryMaxMs: ms(10_000, "The longest such wait."),
  })
  .prefault({});
