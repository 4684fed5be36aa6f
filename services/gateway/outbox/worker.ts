import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { peerCertificatesOf } from "#lib/tls/configured-certificates.ts";
import { commitWrites, giveBackRoom } from "./committer.ts";
import { openOutboxDatabase } from "./database.ts";
import { Ledger } from "./ledger.ts";
import type { FromWorker, ToWorker, WorkerData } from "./messages.ts";
import { recoverInterrupted } from "./recovery.ts";
import { startShipper } from "./shipper.ts";

/** How often the state is told at the most, and how often the file is marked alive at the least. */
const STATE_EVERY_MS = 100;
const ALIVE_EVERY_MS = 1000;

/**
 * The outbox's thread: the disk and the shipping, apart from the thread that answers callers, so that a slow disk or a slow
 * trace-writer costs no call. A batch is one transaction, and the next one is what has come meanwhile.
 */
function run(port: MessagePort, data: WorkerData): void {
  const tell = (message: FromWorker) => port.postMessage(message);
  const database = openOutboxDatabase(data.options.path, data.options.durability);
  const ledger = new Ledger(database.waiting());
  const interrupted = recoverInterrupted(database, ledger);
  const certificates = peerCertificatesOf("gateway.peerTls", data.tls);
  // The gateway's own thread watches the same files, and tells of them.
  const watch = certificates?.watch();
  const shipper = startShipper(database, ledger, data, certificates, tellStateSoon);
  let written = 0;
  let stateTimer: NodeJS.Timeout | undefined;
  const aliveTimer = setInterval(() => {
    if (written === 0) return;
    commitWrites(database, ledger, [], data.options.bytesMax, Date.now());
    giveBackRoom(database, ledger);
    tellStateSoon();
  }, ALIVE_EVERY_MS);

  function tellStateSoon(): void {
    stateTimer ??= setTimeout(() => {
      stateTimer = undefined;
      tell({ kind: "state", state: ledger.state(database.oldestMs()) });
    }, STATE_EVERY_MS);
  }

  port.on("message", async (message: ToWorker) => {
    if (message.kind === "write") {
      commitWrites(database, ledger, message.writes, data.options.bytesMax, Date.now());
      written += message.writes.length;
      tell({ kind: "written", upTo: written });
      if (ledger.records > 0) shipper.wake();
      tellStateSoon();
      return;
    }
    await shipper.drain(message.withinMs);
    clearInterval(aliveTimer);
    clearTimeout(stateTimer);
    watch?.[Symbol.dispose]();
    tell({ kind: "state", state: ledger.state(database.oldestMs()) });
    database[Symbol.dispose]();
    port.close();
  });

  if (ledger.records > 0) shipper.wake();
  tell({ kind: "ready", interrupted });
  tellStateSoon();
}

if (parentPort !== null) {
  try {
    run(parentPort, workerData);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    parentPort.postMessage({ kind: "failed", reason } satisfies FromWorker);
    parentPort.close();
  }
}
