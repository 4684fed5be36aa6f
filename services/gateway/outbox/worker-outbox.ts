import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import type { LiveCertificates } from "#lib/tls/live-certificates.ts";
import type { WorkerPlace } from "#lib/workers/worker-place.ts";
import { addedState } from "./added-state.ts";
import { type Outbox, startOutbox } from "./outbox.ts";
import { leftOutboxPaths, outboxPathOf } from "./outbox-files.ts";

/** A file of a former worker that is in use is tried again after this. */
const AGAIN_MS = 10_000;

/** The outbox of a worker. Its state is that of those that it has adopted, too. */
export interface WorkerOutbox extends Outbox {
  /** Its file. */
  readonly path: string;
}

/**
 * Opens the outbox of one worker, in a file of its own. The first worker adopts, besides, the files of workers that are
 * no more: of a time when there were more. They are delivered as its own is, and held as long as this process lives;
 * one that is in use, by a process that still drains or by `twinspan outbox drain`, is tried again. Throws an Error for
 * the operator when its own cannot be had.
 */
export async function startWorkerOutbox(
  gateway: Pick<Config["gateway"], "outbox" | "traceWriter" | "traceWriterKey" | "peerTls"> & Pick<Config, "peers">,
  { number, count }: WorkerPlace,
  log: Logger,
  certificates: LiveCertificates | undefined,
): Promise<WorkerOutbox> {
  const open = (path: string) => startOutbox({ ...gateway, outbox: { ...gateway.outbox, path } }, log, certificates);
  const path = outboxPathOf(gateway.outbox.path, number);
  const own = await open(path);
  const adopted: Outbox[] = [];
  const left = new Set(number === 0 ? leftOutboxPaths(gateway.outbox.path, count) : []);
  const stop = new AbortController();
  let again: NodeJS.Timeout | undefined;
  let adopting = adopt();

  async function adopt(): Promise<void> {
    for (const leftPath of left) {
      if (stop.signal.aborted) return;
      try {
        adopted.push(await open(leftPath));
        left.delete(leftPath);
        log.info({ path: leftPath }, "the outbox of a former worker is adopted");
      } catch (error) {
        log.warn({ path: leftPath, err: error }, "the outbox of a former worker cannot be adopted yet");
      }
    }
    if (left.size === 0 || stop.signal.aborted) return;
    again = setTimeout(() => {
      adopting = adopt();
    }, AGAIN_MS).unref();
  }

  return {
    path,
    begin: (invocation) => own.begin(invocation),
    finish: (invocation, record) => own.finish(invocation, record),
    state: () => addedState([own.state(), ...adopted.map((outbox) => outbox.state())]),
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearTimeout(again);
      await adopting;
      await Promise.all([own, ...adopted].map((outbox) => outbox[Symbol.asyncDispose]()));
    },
  };
}
