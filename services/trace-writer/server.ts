import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import { startOpsServer } from "#lib/ops-server.ts";
import { checkContextTravels } from "#lib/rpc/context-self-check.ts";
import { startRpcServer } from "#lib/rpc/server.ts";
import { createExperimentService } from "./experiment-service.ts";
import { createMetrics } from "./metrics.ts";
import { createOtlpService } from "./otlp-service.ts";
import { startSqliteStore } from "./store/sqlite/sqlite-store.ts";
import type { TraceStore } from "./store/trace-store.ts";
import { createTraceEditorService } from "./trace-editor-service.ts";
import { createTraceReaderService, unclaimedBeforeNs } from "./trace-reader-service.ts";
import { createTraceWriterService } from "./trace-writer-service.ts";

/** A trace-writer that takes calls. Disposing of it drains it: calls in flight end, the queue is committed. */
export interface TraceWriter extends AsyncDisposable {
  /** Where its gRPC services are. */
  readonly address: string;
  /** Where `/metrics`, `/healthz` and `/readyz` are, over HTTP. */
  readonly opsAddress: string;
}

/** Starts the trace-writer: opens its store, then its ports. Fails with one line that says what to do. */
export async function startTraceWriter({ traceWriter }: Config, { log }: { log: Logger }): Promise<TraceWriter> {
  await checkContextTravels();
  const { limits } = traceWriter;
  const { sqlite } = traceWriter.store;
  const metrics = createMetrics();
  await using opened = new AsyncDisposableStack();
  const options = { ...sqlite, queueBytesMax: limits.queueBytesMax, traceSpansMax: limits.traceSpansMax };
  const store = opened.use(await startSqliteStore(options, metrics.observer));
  const reading = { unclaimedAfterMs: traceWriter.unclaimedAfterMs, nowMs: Date.now };
  metrics.watch(
    () => store.condition(),
    () => store.countPending(unclaimedBeforeNs(reading)),
  );
  let isDraining = false;
  const ops = opened.use(await startOpsServer(traceWriter.ops, metrics.registry, () => readinessOf(store, isDraining)));
  const rpc = opened.use(
    await startRpcServer({
      listen: traceWriter.listen,
      messageBytesMax: limits.messageBytesMax,
      drainMs: traceWriter.drainMs,
      services: [
        createTraceWriterService(store, metrics, log),
        createTraceReaderService(store, reading, log),
        createTraceEditorService(store, log),
        createExperimentService(store, log),
        createOtlpService(store, metrics, { futureMs: limits.futureMs, nowMs: Date.now }, log),
      ],
    }),
  );
  opened.defer(() => {
    isDraining = true;
  });
  log.info({ address: rpc.address, ops: ops.address, store: sqlite.path }, "ready");
  const owned = opened.move();
  return {
    address: rpc.address,
    opsAddress: ops.address,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function readinessOf(store: TraceStore, isDraining: boolean) {
  const { ready, degraded } = store.condition();
  return { ready: ready && !isDraining, degraded: degraded === undefined ? [] : [degraded] };
}
