import { workerData } from "node:worker_threads";
import { z } from "zod";
import type { WriteOutcome } from "../commit/apply-write.ts";
import { type CommitOptions, commitOptions } from "../commit/commit-options.ts";
import type { WaitingWrite } from "../commit/read-write.ts";
import { serveWriter, tellNote } from "../commit/serve-writer.ts";
import { createCommitter } from "./committer.ts";
import { type ConnectionCounts, type DatabaseOptions, openCommits } from "./database.ts";
import type { RetryReason } from "./failures.ts";
import { migrate } from "./migrations.ts";
import { createPartitions } from "./partitions.ts";

/** What the thread is started with. */
export interface WriterOptions extends DatabaseOptions, CommitOptions {}

/** What it is asked beside commits: to drop the tables of days that are empty, or how many connections it has. */
export type WriterTask = "drop_empty" | "connections";
/** What that came to: whether none of them is left, or the connections. */
export type WriterDone =
  | { readonly kind: "dropped"; readonly isDone: boolean }
  | { readonly kind: "connections"; readonly counts: ConnectionCounts };

/** What it tells of itself: that a commit is tried again, and whether the database is away. */
export type WriterNote =
  | { readonly kind: "retried"; readonly reason: RetryReason }
  | { readonly kind: "away"; readonly isAway: boolean };

const writerOptions: z.ZodType<WriterOptions> = commitOptions.extend({
  url: z.string(),
  password: z.string().optional(),
  connectionsMax: z.number(),
  statementTimeoutMs: z.number(),
});

const options = writerOptions.parse(workerData);
const database = openCommits(options);
try {
  await database.commit(migrate);
} catch (cause) {
  await database[Symbol.asyncDispose]();
  throw cause;
}
const partitions = createPartitions(database);
let isKnownAway = false;
const { commit, routeBy } = createCommitter(database, partitions, options, {
  retried: (reason) => tellNote<WriterNote>({ kind: "retried", reason }),
  isAway(isAway) {
    if (isAway !== isKnownAway) tellNote<WriterNote>({ kind: "away", isAway });
    isKnownAway = isAway;
  },
});
serveWriter<WaitingWrite, WriteOutcome, WriterTask, WriterDone>({
  commit,
  routeBy,
  async perform(task) {
    if (task === "connections") return { kind: "connections", counts: database.connections() };
    return { kind: "dropped", isDone: await partitions.dropEmpty(Date.now()) };
  },
  close: () => database[Symbol.asyncDispose](),
});
