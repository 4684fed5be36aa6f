import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { createLogger } from "#lib/logger.ts";
import { type DrainEvent, type DrainRequest, drainRequest } from "#lib/tasks/drain-task.ts";
import { peerCertificatesOf } from "#lib/tls/configured-certificates.ts";
import { leftToldOf } from "./left-outbox.ts";
import { startOutbox } from "./outbox.ts";
import { messageOf } from "./troubles.ts";

/**
 * Looks after an outbox whose gateway is gone, in a thread that `twinspan outbox` starts, by the outbox itself: it goes
 * on until nothing waits. Any message stops it: what was delivered is gone from the file, and the rest is delivered by
 * the next drain.
 */

/** How often it is looked how far it has come. */
const LOOK_MS = 100;

const port = parentPort;
if (port === null) throw new Error("drain-worker.ts runs as a worker thread");
const stop = new AbortController();
port.once("message", () => stop.abort());
const tell = (event: DrainEvent) => port.postMessage(event);

try {
  await run(drainRequest.parse(workerData));
  tell({ kind: "done" });
} catch (error) {
  tell({ kind: "failed", message: messageOf(error) });
} finally {
  port.close();
}

async function run(request: DrainRequest): Promise<void> {
  const left = await leftToldOf(request.options.path);
  tell({ kind: "opened", ...left });
  if (request.task === "drain" && left.records + left.inFlight > 0) await drain(request);
}

async function drain({ options, traceWriter, traceWriterKey, tls }: DrainRequest): Promise<void> {
  // Nothing more comes, so no batch waits to be filled; and who stops it does not wait for a batch.
  const outbox = { ...options, lingerMs: 0, drainMs: 1 };
  const draining = await startOutbox(
    { outbox, traceWriter, traceWriterKey, peerTls: tls },
    createLogger("outbox", "silent"),
    peerCertificatesOf("gateway.peerTls", tls),
  );
  const tellState = () => tell({ kind: "state", state: draining.state() });
  while (!stop.signal.aborted && draining.state().records > 0) {
    tellState();
    await delay(LOOK_MS, undefined, { signal: stop.signal }).catch(() => {});
  }
  await draining[Symbol.asyncDispose]();
  tellState();
}
