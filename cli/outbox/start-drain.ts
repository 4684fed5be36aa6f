import { join } from "node:path";
import type { Config } from "#lib/config/schema.ts";
import { ROOT } from "../config-source.ts";
import type { ConnectionSettings } from "../connection.ts";
import type { CliIo } from "../io.ts";
import { threadEvents } from "../thread-events.ts";
import { type DrainEvent, drainEvent } from "./drain-events.ts";

/** What is asked for. */
export interface DrainRequest {
  readonly task: "show" | "drain";
  /** How it is delivered; `path` is the file. */
  readonly options: Config["gateway"]["outbox"];
  readonly traceWriter: ConnectionSettings;
}

const WORKER = join(ROOT, "services/gateway/outbox/drain-worker.ts");

/** Looks after a left outbox in a thread, and tells what it tells. Ctrl-C stops it once what is on its way has been given up. */
export async function* startDrain(request: DrainRequest, io: CliIo): AsyncGenerator<DrainEvent, void, undefined> {
  const { task, options, traceWriter } = request;
  const data = {
    task,
    options,
    traceWriter: traceWriter.target,
    tls: traceWriter.tls,
    traceWriterKey: traceWriter.key,
  };
  for await (const message of threadEvents(WORKER, data, io)) yield drainEvent.parse(message);
}
