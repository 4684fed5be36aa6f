import { setTimeout as delay } from "node:timers/promises";
import { Client } from "@grpc/grpc-js";
import type { Config } from "#lib/config/schema.ts";
import { KeptMemory } from "#lib/kept-memory.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { sendingKey } from "#lib/rpc/send-key.ts";
import type { LiveCertificates } from "#lib/tls/live-certificates.ts";
import { MirrorOutcome, WriteOutcome, type WriteResult } from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { PAYLOAD_SHED } from "../core/twins/record.ts";
import type { Ledger } from "./ledger.ts";
import type { ShedCounter } from "./outbox-state.ts";
import type { RecordQueue } from "./record-queue.ts";
import { RECORD_HEAD_BYTES_MAX, type Sent, sendBatch } from "./send-batch.ts";
import { sendSpelledOutAgain } from "./send-spelled-out.ts";
import type { WaitingRecord } from "./stored-record.ts";
import { messageOf } from "./troubles.ts";

/** The largest answer of the trace-writer: a few bytes a record. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Sends what waits in the outbox to the trace-writer. */
export interface Shipper {
  /** Says that a record came. */
  wake(): void;
  /** Ships until nothing waits or the time is up, without lingering, and stops. */
  drain(withinMs: number): Promise<void>;
}

/** What the shipper is started with. */
export interface ShipperOptions {
  readonly options: Config["gateway"]["outbox"];
  /** The trace-writer's gRPC target. */
  readonly traceWriter: string;
  /** The key that it is sent. Undefined: none. */
  readonly traceWriterKey: string | undefined;
  /** What its certificate must be for, where that is not the host of the target. */
  readonly serverName: string | undefined;
  /** What is done about several trace-writers, and about those that fail. */
  readonly peers: Config["peers"];
  /** How it is spoken to by TLS. Undefined: in the clear. */
  readonly certificates: LiveCertificates | undefined;
}

/** The outbox, as its shipper uses it. */
export interface ShippedFrom {
  readonly queue: RecordQueue;
  readonly ledger: Ledger;
  /** Hears that the first records were removed from the queue: that is to be noted on the disk. */
  onRemoved(): void;
  /** Puts the first record behind all others. Answers whether the disk had room for it. */
  requeue(first: WaitingRecord): Promise<boolean>;
}

/**
 * Starts shipping: batches in order, one RPC at a time, each let go of when the trace-writer has said that it is
 * durable. A failed batch is sent again for ever, with growing, jittered waits, and halved where it was not taken in
 * time, or where the trace-writer stumbled over it. A record that it stumbles over alone goes to the end, so that it
 * holds up no other; where the disk has no room for that it is tried without its payload, and goes to the end in memory
 * if that fails too. A batch that is refused whole is halved until the record at fault is alone, which is tried without
 * its payload, then given up, and counted.
 */
export function startShipper(
  { queue, ledger, onRemoved, requeue }: ShippedFrom,
  { options, traceWriter, traceWriterKey, serverName, peers, certificates }: ShipperOptions,
): Shipper {
  const client = new Client(traceWriter, channelCredentials(certificates), {
    ...channelOptions(ANSWER_BYTES_MAX, serverName, peers),
    ...sendingKey(traceWriterKey),
  });
  let wakeUp = Promise.withResolvers<void>();
  // One RPC at a time, so one request.
  const memory = new KeptMemory(options.batchBytesMax + options.batchRecordsMax * RECORD_HEAD_BYTES_MAX);
  let recordsMax = options.batchRecordsMax;
  let lingering = new AbortController();
  const draining = new AbortController();
  const stop = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      if (queue.isEmpty) {
        if (draining.signal.aborted) return;
        await wakeUp.promise;
        wakeUp = Promise.withResolvers<void>();
        continue;
      }
      if (!isBatchFull() && !draining.signal.aborted) await linger();
      ledger.deliveryTrouble = await shipBatch();
      failures = ledger.deliveryTrouble === undefined ? 0 : failures + 1;
      if (failures === 0) continue;
      ledger.retries += 1;
      await pause(backoffMs(failures));
    }
  }

  /** Sends a batch and does what the answer says. Returns why nothing came of it; undefined: something did. */
  async function shipBatch(): Promise<string | undefined> {
    try {
      const batch = await queue.first(recordsMax, options.batchBytesMax);
      if (batch.length === 0) return undefined;
      const sent = await send(batch);
      if (sent.kind === "failed") {
        if (sent.isOfBatch) await setAside(batch);
        return troubleOf(sent);
      }
      if (sent.kind === "answered") {
        const trouble = settle(sent.results, batch.length);
        if (trouble === undefined) recordsMax = Math.min(options.batchRecordsMax, recordsMax * 2);
        return trouble;
      }
      const [only] = batch;
      if (only !== undefined && batch.length === 1) return await giveUp(only);
      recordsMax = Math.ceil(batch.length / 2);
      return undefined;
    } catch (error) {
      return `the outbox cannot be read: ${messageOf(error)}`;
    }
  }

  function send(batch: readonly WaitingRecord[]): Promise<Sent> {
    const sendOnce = (records: readonly WaitingRecord[]) =>
      sendBatch(client, records, memory, options.shipMs, stop.signal);
    return sendSpelledOutAgain(sendOnce, batch);
  }

  /** Lets go of the first records, of which so many were sent. Returns why it cannot; undefined: it has. */
  function settle(results: readonly WriteResult[], sent: number): string | undefined {
    if (results.length !== sent) return "the trace-writer does not say what became of each record";
    queue.remove(sent);
    onRemoved();
    for (const { outcome, mirrorOutcome } of results) {
      if (outcome === WriteOutcome.WRITE_OUTCOME_REFUSED) ledger.shed("record:refused");
      else ledger.shipped += 1;
      if (mirrorOutcome === MirrorOutcome.MIRROR_OUTCOME_SEALED_TRACE) ledger.mirrorsRefused += 1;
    }
    return undefined;
  }

  /**
   * Finds the record at fault by halves. Once it is alone it waits behind all others, on the disk or in memory, unless
   * it goes without its payload.
   */
  async function setAside(batch: readonly WaitingRecord[]): Promise<void> {
    recordsMax = Math.ceil(batch.length / 2);
    const [only] = batch;
    if (only === undefined || batch.length > 1 || (await requeue(only))) return;
    const isSent = hasPayload(only) && (await sendWithoutPayload(only, "payload:disk")) === undefined;
    if (!isSent) queue.postpone();
  }

  /** A record that the trace-writer will not take: without its payload it may, and otherwise never. */
  async function giveUp(record: WaitingRecord): Promise<string | undefined> {
    if (hasPayload(record)) return await sendWithoutPayload(record, "payload:refused");
    queue.remove(1);
    onRemoved();
    ledger.shed("record:refused");
    return undefined;
  }

  /** Sends the first record from where it stands in memory: no disk must have room. Returns why nothing came of it. */
  async function sendWithoutPayload(record: WaitingRecord, counter: ShedCounter): Promise<string | undefined> {
    const bare = { ...record, payload: PAYLOAD_SHED };
    const sent = await send([bare]);
    if (sent.kind === "failed") return troubleOf(sent);
    const trouble = sent.kind === "refused" ? await giveUp(bare) : settle(sent.results, 1);
    if (trouble === undefined) ledger.shed(counter);
    return trouble;
  }

  /** Full jitter: anything between the shortest wait and the grown one. */
  function backoffMs(failures: number): number {
    const grown = Math.min(options.retryMaxMs, options.retryMinMs * 2 ** Math.min(failures, 20));
    return options.retryMinMs + Math.random() * (grown - options.retryMinMs);
  }

  function isBatchFull(): boolean {
    return queue.records >= recordsMax || queue.bytes >= options.batchBytesMax;
  }

  /** Lets a batch fill up: until it is full, or the time for that is up, or the drain begins. */
  async function linger(): Promise<void> {
    lingering = new AbortController();
    await delay(options.lingerMs, undefined, { signal: lingering.signal }).catch(() => {});
  }

  /** Waits, but not on when the drain begins, nor at all when its time is up. */
  async function pause(ms: number): Promise<void> {
    const { signal } = draining.signal.aborted ? stop : draining;
    await delay(ms, undefined, { signal }).catch(() => {});
  }

  return {
    wake() {
      wakeUp.resolve();
      if (isBatchFull()) lingering.abort();
    },
    async drain(withinMs) {
      draining.abort();
      lingering.abort();
      wakeUp.resolve();
      await Promise.race([running, delay(withinMs, undefined, { ref: false })]);
      stop.abort();
      client.close();
      await running;
    },
  };
}

function hasPayload({ payload }: WaitingRecord): boolean {
  return payload.length > PAYLOAD_SHED.length;
}

function troubleOf({ reason }: Extract<Sent, { kind: "failed" }>): string {
  return `the trace-writer takes nothing: ${reason}`;
}
