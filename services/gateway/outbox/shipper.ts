import { setTimeout as delay } from "node:timers/promises";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Client, type ServiceError as RpcError } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { sendingKey } from "#lib/rpc/send-key.ts";
import { serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import { meaningOf } from "#lib/service-error.ts";
import type { LiveCertificates } from "#lib/tls/live-certificates.ts";
import {
  MirrorOutcome,
  TraceWriterServiceService,
  WriteInvocationsResponse,
  WriteOutcome,
  type WriteResult,
} from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { PAYLOAD_SHED } from "../core/record.ts";
import type { OutboxDatabase, WaitingRecord } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import type { WorkerData } from "./messages.ts";

/** The largest answer of the trace-writer: a few bytes a record. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** `records` of WriteInvocationsRequest: field 1, length-delimited. */
const RECORDS_TAG = (1 << 3) | 2;

/** Sends what waits in the outbox to the trace-writer. */
export interface Shipper {
  /** Says that a record came. */
  wake(): void;
  /** Ships until nothing waits or the time is up, without lingering, and stops. */
  drain(withinMs: number): Promise<void>;
}

/**
 * Starts shipping: batches in order, one RPC at a time, each deleted when the trace-writer has said that it is durable.
 * A failed batch is sent again for ever, with growing, jittered waits, and halved where it was not taken in time, or where the
 * trace-writer stumbled over it; a record that it stumbles over alone goes to the end, so that it holds up no other. A batch
 * that is refused whole is halved until the record at fault is alone, which is tried without its payload, then given up,
 * and counted. `changed` is called whenever the ledger has changed.
 */
export function startShipper(
  database: OutboxDatabase,
  ledger: Ledger,
  { options, traceWriter, traceWriterKey, tls, peers }: WorkerData,
  certificates: LiveCertificates | undefined,
  changed: () => void,
): Shipper {
  const client = new Client(traceWriter, channelCredentials(certificates), {
    ...channelOptions(ANSWER_BYTES_MAX, tls?.serverName, peers),
    ...sendingKey(traceWriterKey),
  });
  let wakeUp = Promise.withResolvers<void>();
  let recordsMax = options.batchRecordsMax;
  const draining = new AbortController();
  const stop = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      if (ledger.records === 0) {
        if (draining.signal.aborted) return;
        await wakeUp.promise;
        wakeUp = Promise.withResolvers<void>();
        continue;
      }
      if (ledger.records < recordsMax && !draining.signal.aborted) await pause(options.lingerMs);
      ledger.deliveryTrouble = await shipBatch();
      changed();
      failures = ledger.deliveryTrouble === undefined ? 0 : failures + 1;
      if (failures === 0) continue;
      ledger.retries += 1;
      await pause(backoffMs(failures));
    }
  }

  /** Sends a batch and does what the answer says. Returns why nothing came of it; undefined: something did. */
  async function shipBatch(): Promise<string | undefined> {
    try {
      const batch = database.firstRecords(recordsMax, options.batchBytesMax);
      const sent = await send(client, batch, options.shipMs, stop.signal);
      if (sent.kind === "failed") {
        if (sent.isOfBatch) setAside(batch);
        return `the trace-writer takes nothing: ${sent.reason}`;
      }
      if (sent.kind === "answered") {
        if (sent.results.length !== batch.length) return "the trace-writer does not say what became of each record";
        settle(batch, sent.results);
        recordsMax = Math.min(options.batchRecordsMax, recordsMax * 2);
      } else if (batch.length === 1) giveUp(batch[0]);
      else recordsMax = Math.ceil(batch.length / 2);
      return undefined;
    } catch (error) {
      // What was sent is sent again: the trace-writer takes a record once.
      return `the outbox cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  function settle(batch: readonly WaitingRecord[], results: readonly WriteResult[]): void {
    database.transaction(() => {
      for (const { seq } of batch) database.removeRecord(seq);
    });
    for (const [index, record] of batch.entries()) {
      ledger.removed(bytesOf(record));
      const result = results[index];
      if (result?.outcome === WriteOutcome.WRITE_OUTCOME_REFUSED) ledger.shed("record:refused");
      else ledger.shipped += 1;
      if (result?.mirrorOutcome === MirrorOutcome.MIRROR_OUTCOME_SEALED_TRACE) ledger.mirrorsRefused += 1;
    }
  }

  /** Finds the record at fault by halves; once it is alone, it waits behind all others. */
  function setAside(batch: readonly WaitingRecord[]): void {
    recordsMax = Math.ceil(batch.length / 2);
    const [only] = batch;
    if (only !== undefined && batch.length === 1) database.transaction(() => database.moveToEnd(only.seq));
  }

  /** A record that the trace-writer will not take: without its payload it may, and otherwise never. */
  function giveUp(record: WaitingRecord | undefined): void {
    if (record === undefined) return;
    const hasPayload = record.payload.length > PAYLOAD_SHED.length;
    database.transaction(() => {
      database.removeRecord(record.seq);
      if (hasPayload) database.addRecord(record.spans, PAYLOAD_SHED, Date.now());
    });
    ledger.removed(bytesOf(record));
    if (hasPayload) ledger.added(record.spans.length + PAYLOAD_SHED.length);
    ledger.shed(hasPayload ? "payload:refused" : "record:refused");
  }

  /** Full jitter: anything between the shortest wait and the grown one. */
  function backoffMs(failures: number): number {
    const grown = Math.min(options.retryMaxMs, options.retryMinMs * 2 ** Math.min(failures, 20));
    return options.retryMinMs + Math.random() * (grown - options.retryMinMs);
  }

  /** Waits, but not on when the drain begins, nor at all when its time is up. */
  async function pause(ms: number): Promise<void> {
    const { signal } = draining.signal.aborted ? stop : draining;
    await delay(ms, undefined, { signal }).catch(() => {});
  }

  return {
    wake: () => wakeUp.resolve(),
    async drain(withinMs) {
      draining.abort();
      wakeUp.resolve();
      await Promise.race([running, delay(withinMs, undefined, { ref: false })]);
      stop.abort();
      client.close();
      await running;
    },
  };
}

/** What became of an RPC: answered; refused for good; or to be tried again. */
type Sent =
  | { readonly kind: "answered"; readonly results: readonly WriteResult[] }
  | { readonly kind: "refused" }
  /** `isOfBatch`: the fault may lie in the batch, which was too much for the time, or holds a record that is stumbled over. */
  | { readonly kind: "failed"; readonly reason: string; readonly isOfBatch: boolean };

/** Sends a batch. `signal` cancels it: it has then failed. */
function send(client: Client, batch: readonly WaitingRecord[], shipMs: number, signal: AbortSignal): Promise<Sent> {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest(
      TraceWriterServiceService.writeInvocations.path,
      requestOf,
      (bytes: Buffer) => WriteInvocationsResponse.decode(bytes),
      batch,
      { deadline: Date.now() + shipMs },
      (error, response) => {
        signal.removeEventListener("abort", cancel);
        if (error === null) resolve({ kind: "answered", results: response?.results ?? [] });
        else resolve(failureOf(error));
      },
    );
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
  });
}

function failureOf(error: RpcError): Sent {
  const { kind, message } = serviceErrorOfRpc(error, "the trace-writer");
  if (kind === "invalid_request" || kind === "request_too_large") return { kind: "refused" };
  const reason = meaningOf(kind).retry ? message : `${message} (${error.details})`;
  return { kind: "failed", reason, isOfBatch: kind === "deadline_exceeded" || kind === "internal" };
}

/** The batch as a WriteInvocationsRequest, put together from serialized parts: nothing is decoded on the way. */
function requestOf(batch: readonly WaitingRecord[]): Buffer {
  const writer = new BinaryWriter();
  for (const record of batch) {
    writer.uint32(RECORDS_TAG).uint32(bytesOf(record)).raw(record.spans).raw(record.payload);
  }
  return Buffer.from(writer.finish());
}

function bytesOf({ spans, payload }: WaitingRecord): number {
  return spans.length + payload.length;
}
