import { z } from "zod";
import type { CrossFault } from "./cross-fault.ts";

/** What the check looks at, whatever else is wrong: a part that cannot be read is as if it were not there. */
const readable = z.object({
  traceWriter: z.object({
    workers: z.number(),
    store: z.object({ use: z.string().default("sqlite") }).default({ use: "sqlite" }),
  }),
});

/** What is wrong between the numbers of workers and what they work on. */
export function* workerFaultsOf(plain: unknown): Generator<CrossFault> {
  const { data } = readable.safeParse(plain);
  if (data === undefined) return;
  const { workers, store } = data.traceWriter;
  if (workers <= 1 || store.use !== "sqlite") return;
  yield {
    path: ["traceWriter", "workers"],
    message: `must be 1: an SQLite file has one writer. For ${workers} set traceWriter.store.use to postgres or clickhouse.`,
  };
}
