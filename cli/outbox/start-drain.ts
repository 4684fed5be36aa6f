import { join } from "node:path";
import { type DrainEvent, type DrainRequest, drainEvent } from "#lib/tasks/drain-task.ts";
import { ROOT } from "../config-source.ts";
import type { CliIo } from "../io.ts";
import { threadEvents } from "../thread-events.ts";

const WORKER = join(ROOT, "services/gateway/outbox/drain-worker.ts");

/** Looks after a left outbox in a thread, and tells what it tells. Ctrl-C stops it once what is on its way has been given up. */
export async function* startDrain(request: DrainRequest, io: CliIo): AsyncGenerator<DrainEvent, void, undefined> {
  for await (const message of threadEvents(WORKER, request, io)) yield drainEvent.parse(message);
}
