import { join } from "node:path";
import { ROOT } from "../config-source.ts";
import type { CliIo } from "../io.ts";
import { threadEvents } from "../thread-events.ts";
import { type MoveEvent, moveEvent } from "./move-events.ts";
import type { StoreSettings } from "./store-name.ts";

/** What is asked for. */
export interface MoveRequest {
  readonly task: "move" | "count" | "compare";
  readonly source: StoreSettings;
  readonly target: StoreSettings;
  readonly destinations: readonly string[];
  readonly leavesWaiting: boolean;
  readonly stateDirectory: string;
  readonly restarts: boolean;
}

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
