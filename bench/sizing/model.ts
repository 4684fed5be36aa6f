import type { Coefficients } from "./coefficients.ts";
import type { Workload } from "./workload.ts";

const KIB = 1024;
const DAY_S = 86_400;
/** A service that has one copy has none while it is restarted. */
const COPIES_MIN = 2;
/**
 * A call comes to a process twice: as a request, and as its answer. Chunks of streams come with others, which their
 * figure has.
 */
const VISITS = 2;
/** How long the outbox must hold all records when no trace-writer is there. */
const OUTAGE_S = 3_600;
/** What the outbox waits for further records, and how many go in a batch. */
export const LINGER_MS = 50;
export const BATCH_RECORDS_MAX = 256;

/** What one service needs. */
export interface ServiceSize {
  /** Processes, each with a core of its own. */
  readonly copies: number;
  /** Cores that they use at the peak, together. */
  readonly cores: number;
  /**
   * Processor time for a call beside turns and chunks, for its chunks, and for a turn, in milliseconds: what
   * simulations are made of.
   */
  readonly callMs: number;
  readonly streamMs: number;
  readonly turnMs: number;
  /** Resident memory of one, in bytes. */
  readonly memoryBytes: number;
}

/** What a system needs for a workload. */
export interface Size {
  readonly ingress: ServiceSize;
  readonly gateway: ServiceSize;
  readonly traceWriter: ServiceSize;
  /** The store's own server: its cores. 0: it has none. */
  readonly storeCores: number;
  /** How many servers (shards, databases) the store must be parted over. */
  readonly storeServers: number;
  /** Bytes of the store after all days, and a day. */
  readonly storeBytes: number;
  readonly storeBytesPerDay: number;
  /** A gateway's outbox: what it writes a second, and what an hour without a trace-writer comes to, in bytes. */
  readonly outboxBytesPerSecond: number;
  readonly outboxBytes: number;
  /** Bytes a second on each hop, both ways together. */
  readonly network: {
    readonly callers: number;
    readonly provider: number;
    readonly gateway: number;
    readonly traceWriter: number;
  };
  /** Calls under way at once, Exchange streams in all, batches of records a second. */
  readonly underWay: number;
  readonly streams: number;
  readonly batchesPerSecond: number;
  /** Redis servers that limits need, where they are on. */
  readonly redisServers: number;
}

/** What a system needs for a workload, as the coefficients have it. */
export function sizeOf(load: Workload, known: Coefficients): Size {
  const store = known.stores[load.store];
  const kib = load.payload / KIB;
  const chunks = (load.streamed / 100) * load.chunks;
  const underWay = load.rate * load.seconds;
  const passing = ({ callMs, turnMs, kibMs, chunkMs, residentMib }: Coefficients["ingress"], attempts: number) => {
    return serviceOf({
      rate: load.rate,
      callMs: callMs.value * (1 + (attempts - 1) / 2) + kibMs.value * kib,
      streamMs: chunkMs.value * chunks,
      turnMs: turnMs.value,
      busy: load.busy / 100,
      baseBytes: residentMib.value * KIB ** 2,
      held: underWay * (known.callKib.value * KIB + load.payload),
    });
  };
  const ingress = passing(known.ingress, 1);
  const gateway = passing(known.gateway, load.attempts);
  const batchesPerSecond = Math.max(
    Math.min(gateway.copies * (1000 / (2 * LINGER_MS)), load.rate),
    load.rate / BATCH_RECORDS_MAX,
  );
  const recordMs = store.recordMs.value * attemptShare(load.attempts) + store.kibMs.value * kib;
  const writerMs = recordMs + (store.batchMs.value * batchesPerSecond) / load.rate;
  const storeCores = load.rate * (store.serverRecordMs.value / 1000);
  const timesIn = (needed: number, most: number) => (most === 0 ? 1 : Math.ceil(needed / (most * (load.busy / 100))));
  const storeServers = Math.max(
    timesIn(load.rate, store.recordsPerSecondMax.value),
    timesIn(storeCores, store.serverCoresMax.value),
  );
  const writers = load.rate * (writerMs / 1000);
  const writerCopies =
    load.store === "sqlite" ? storeServers : Math.max(COPIES_MIN, Math.ceil(writers / (load.busy / 100)));
  const recordBytes = store.recordBytes.value * attemptShare(load.attempts) + store.payloadBytes.value * load.payload;
  const storeBytesPerDay = load.rate * (load.average / 100) * DAY_S * recordBytes;
  const outboxRecord = known.outboxRecordBytes.value + load.payload;
  const wire = load.rate * (load.payload + 2 * known.wireBytes.value);
  return {
    ingress,
    gateway,
    traceWriter: {
      copies: writerCopies,
      cores: writers,
      callMs: recordMs,
      streamMs: 0,
      turnMs: store.batchMs.value,
      memoryBytes: known["trace-writer"].residentMib.value * KIB ** 2,
    },
    storeCores,
    storeServers,
    storeBytes: storeBytesPerDay * load.days,
    storeBytesPerDay,
    outboxBytesPerSecond: (load.rate / gateway.copies) * outboxRecord,
    outboxBytes: (load.rate / gateway.copies) * outboxRecord * OUTAGE_S,
    network: { callers: wire, provider: wire * load.attempts, gateway: wire, traceWriter: load.rate * outboxRecord },
    underWay,
    // Each ingress has one to each process of a gateway.
    streams: ingress.copies * gateway.copies,
    batchesPerSecond,
    redisServers: Math.ceil((load.rate * known.redisOpsPerCall.value) / known.redisOpsPerSecondMax.value),
  };
}

interface Passing {
  readonly rate: number;
  readonly callMs: number;
  readonly streamMs: number;
  readonly turnMs: number;
  readonly busy: number;
  readonly baseBytes: number;
  /** Bytes that all copies hold together for calls under way. */
  readonly held: number;
}

function serviceOf({ rate, busy, baseBytes, held, ...costs }: Passing): ServiceSize {
  const copies = Math.max(COPIES_MIN, Math.ceil(rate / callsPerSecond(costs, busy)));
  const { callMs, streamMs, turnMs } = costs;
  const cores = busyWith(rate / copies, costs) * copies;
  return { copies, cores, callMs, streamMs, turnMs, memoryBytes: baseBytes + held / copies };
}

type Costs = Pick<ServiceSize, "callMs" | "streamMs" | "turnMs">;

/** How many calls a second a process takes that is busy so much. */
function callsPerSecond(costs: Costs, busy: number): number {
  let [least, most] = [0, 1000 / (costs.callMs + costs.streamMs)];
  for (let step = 0; step < 50; step += 1) {
    const middle = (least + most) / 2;
    if (busyWith(middle, costs) < busy) least = middle;
    else most = middle;
  }
  return least;
}

/**
 * How busy a process is, 0 to 1, with so many calls a second. What comes during a turn shares the next one: their
 * number is Poisson's with the mean of what comes in a turn, but for turns that begin with the first that comes. Chunks
 * have their turns in their figure.
 */
function busyWith(perSecond: number, { callMs, streamMs, turnMs }: Costs): number {
  const visitsPerMs = (perSecond * VISITS) / 1000;
  const ownMs = callMs / VISITS;
  let works = 1;
  for (let step = 0; step < 30; step += 1) {
    const comes = visitsPerMs * (turnMs + works * ownMs);
    works = Math.min(comes + Math.exp(-comes), 1_000);
  }
  return visitsPerMs * (ownMs + turnMs / works) + (perSecond * streamMs) / 1000;
}

/** A record of several attempts has a span more of each in either twin, of four with one attempt. */
function attemptShare(attempts: number): number {
  return (1 + attempts) / 2;
}
