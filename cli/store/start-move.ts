import { join } from "node:path";
import { type MoveEvent, type MoveRequest, moveEvent } from "#lib/tasks/move-task.ts";
import { ROOT } from "../config-source.ts";
import type { CliIo } from "../io.ts";
import { threadEvents } from "../thread-events.ts";

const WORKER = join(ROOT, "services/trace-writer/migration/migrate-worker.ts");

/**
 * Moves traces in a thread, and tells what it tells, up to the last event. Ctrl-C ends it at the end of the page that
 * it is at, a second one at once. Throws what it throws.
 */
export async function* startMove(request: MoveRequest, io: CliIo): AsyncGenerator<MoveEvent, void, undefined> {
  for await (const message of threadEvents(WORKER, request, io)) {
    const event = moveEvent.parse(message);
    yield event;
    if (event.kind === "done" || event.kind === "stopped" || event.kind === "failed") return;
  }
}
