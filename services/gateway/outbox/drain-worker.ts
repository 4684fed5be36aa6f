import { parentPort, workerData } from "node:worker_threads";
import { peerCertificatesOf } from "#lib/tls/configured-certificates.ts";
import type { OutboxDatabase } from "./database.ts";
import { type DrainEvent, type DrainSettings, drainSettings } from "./drain-events.ts";
import { Ledger } from "./ledger.ts";
import { openLeftOutbox } from "./left-outbox.ts";
import { recoverInterrupted } from "./recovery.ts";
import { startShipper } from "./shipper.ts";

/**
 * Looks after an outbox whose gateway is gone, in a thread that a gateway or `twinspan outbox` starts. It goes on until
 * nothing waits. Any message stops it: what was delivered is gone from the file, and the rest is delivered by the next drain.
 */

/** How often the state is told at the most. */
const STATE_EVERY_MS = 100;
/** The longest that Node waits: no limit of ours. Who asked may stop it. */
const FOR_EVER_MS = 2 ** 31 - 1;

const port = parentPort;
if (port === null) throw new Error("drain-worker.ts runs as a worker thread");
const stop = new AbortController();
port.once("message", () => stop.abort());
const tell = (event: DrainEvent) => port.postMessage(event);

try {
  await run(drainSettings.parse(workerData));
  tell({ kind: "done" });
} catch (error) {
  tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
} finally {
  port.close();
}

async function run(settings: DrainSettings): Promise<void> {
  using database = openLeftOutbox(settings.options.path, settings.options.durability);
  tell({
    kind: "opened",
    ...database.waiting(),
    oldestMs: database.oldestMs(),
    inFlight: database.notes().length,
    lastAliveMs: database.lastAliveMs(),
  });
  // Awaited here: the file is closed when this function ends.
  if (settings.task === "drain") await drain(database, settings);
}

async function drain(database: OutboxDatabase, { options, traceWriter, traceWriterKey, tls }: DrainSettings) {
  const ledger = new Ledger(database.waiting());
  recoverInterrupted(database, ledger);
  const tellState = () => tell({ kind: "state", state: ledger.state(database.oldestMs()) });
  let timer: NodeJS.Timeout | undefined;
  const tellStateSoon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      tellState();
    }, STATE_EVERY_MS);
  };
  const certificates = peerCertificatesOf("TLS", tls);
  const shipper = startShipper(
    database,
    ledger,
    { options, traceWriter, traceWriterKey, tls },
    certificates,
    tellStateSoon,
  );
  const onStop = () => shipper.drain(0);
  stop.signal.addEventListener("abort", onStop, { once: true });
  await shipper.drain(FOR_EVER_MS);
  clearTimeout(timer);
  tellState();
}
