import { Cores } from "./cores.ts";
import { EventLoop, type TurnCosts } from "./event-loop.ts";
import { EventQueue } from "./event-queue.ts";

/** What a process of a service is, and how many there are. */
export interface ServiceShape extends TurnCosts {
  readonly copies: number;
  /** Processor time of a call (of a record, for the trace-writer), beside turns, in milliseconds. */
  readonly callMs: number;
  /** Processor time of a call's chunks, their turns among it, spread over the time that the provider takes. Default: none. */
  readonly streamMs?: number;
}

/** Who else is on the machine, and takes of its cores for each call: what measures, and what it measures against. */
export interface Others {
  readonly generatorMs: number;
  readonly providerMs: number;
}

/** What is simulated. */
export interface PipelineShape {
  readonly ingress: ServiceShape;
  readonly gateway: ServiceShape;
  readonly traceWriter: ServiceShape;
  /** How long a commit of the store takes beside its records, and how long each record takes there, in milliseconds. */
  readonly commit: { readonly ms: number; readonly recordMs: number };
  /** How long the provider takes for its answer, in milliseconds. */
  readonly providerMs: number;
  /** What the outbox waits for further records, in milliseconds, and how many go in a batch. */
  readonly lingerMs: number;
  readonly batchRecordsMax: number;
  /** Calls a second, whatever becomes of them; or callers, each of whom makes the next call when the last has ended. */
  readonly load: { readonly perSecond: number } | { readonly callers: number };
  /** Cores that all processes share. Infinity: each has its own. */
  readonly cores: number;
  /** Undefined: they are elsewhere. */
  readonly others?: Others;
  readonly random: () => number;
}

/** What came of it, from when it had settled on. */
export interface PipelineOutcome {
  readonly perSecond: number;
  readonly storedPerSecond: number;
  /** How long calls took beyond their provider. */
  readonly addedMs: { readonly p50: number; readonly p99: number };
  /** Processor time for a call, in milliseconds, and how busy a copy was, 0 to 1. */
  readonly cpuMs: Readonly<Record<ServiceName, number>>;
  readonly busy: Readonly<Record<ServiceName, number>>;
  /** How many pieces of work a turn had, and how many records a batch. */
  readonly worksPerTurn: Readonly<Record<ServiceName, number>>;
  readonly recordsPerBatch: number;
  /** Records that waited in all outboxes when half of the time that counts had passed, and at the end. */
  readonly waitingRecords: { readonly half: number; readonly end: number };
}

export type ServiceName = "ingress" | "gateway" | "traceWriter";

/** Simulates so many milliseconds, of which the first half does not count. */
export function simulate(shape: PipelineShape, ms: number): PipelineOutcome {
  const pipeline = new Pipeline(shape);
  pipeline.start();
  const settleMs = ms / 2;
  pipeline.queue.runUntil(settleMs);
  pipeline.forget();
  pipeline.queue.runUntil(settleMs + (ms - settleMs) / 2);
  const half = pipeline.waitingRecords;
  pipeline.queue.runUntil(ms);
  return pipeline.outcome(ms - settleMs, half);
}

/** A gateway's outbox: one batch at a time goes to the trace-writers, in turn. */
interface Outbox {
  waiting: number;
  isShipping: boolean;
}

class Pipeline {
  readonly queue = new EventQueue();
  readonly #shape: PipelineShape;
  readonly #loops: Readonly<Record<ServiceName, readonly EventLoop[]>>;
  readonly #stores: readonly EventLoop[];
  readonly #others: { readonly generator: EventLoop; readonly provider: EventLoop };
  readonly #outboxes: readonly Outbox[];
  /** Which gateway each ingress is to take next. */
  readonly #turns: number[];
  #next = 0;
  #addedMs: number[] = [];
  #stored = 0;
  #batches = 0;

  constructor(shape: PipelineShape) {
    this.#shape = shape;
    const cores = new Cores(shape.cores);
    const loopsOf = ({ copies, turnMs, messageMs }: ServiceShape) =>
      Array.from({ length: copies }, () => new EventLoop(this.queue, cores, { turnMs, messageMs }));
    this.#loops = {
      ingress: loopsOf(shape.ingress),
      gateway: loopsOf(shape.gateway),
      traceWriter: loopsOf(shape.traceWriter),
    };
    // Each trace-writer commits one batch at a time; what has come meanwhile shares the next commit.
    const disk = new Cores(Number.POSITIVE_INFINITY);
    const commit = { turnMs: shape.commit.ms, messageMs: 0 };
    this.#stores = this.#loops.traceWriter.map(() => new EventLoop(this.queue, disk, commit));
    const free = { turnMs: 0, messageMs: 0 };
    this.#others = {
      generator: new EventLoop(this.queue, cores, free),
      provider: new EventLoop(this.queue, cores, free),
    };
    const { copies } = shape.gateway;
    this.#turns = this.#loops.ingress.map(() => Math.floor(shape.random() * copies));
    this.#outboxes = this.#loops.gateway.map(() => ({ waiting: 0, isShipping: false }));
  }

  get waitingRecords(): number {
    return this.#outboxes.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  start(): void {
    const { load, random } = this.#shape;
    if ("callers" in load) {
      const again = () => this.#call(again);
      for (let caller = 0; caller < load.callers; caller += 1) again();
      return;
    }
    const arrive = () => {
      this.#call(() => {});
      this.queue.in((-Math.log(1 - random()) * 1000) / load.perSecond, arrive);
    };
    arrive();
  }

  /** What was so far does not count. */
  forget(): void {
    for (const loop of Object.values(this.#loops).flat()) {
      loop.busyMs = 0;
      loop.turns = 0;
      loop.works = 0;
    }
    this.#addedMs = [];
    this.#stored = 0;
    this.#batches = 0;
  }

  outcome(ms: number, half: number): PipelineOutcome {
    const calls = this.#addedMs.length;
    const sorted = this.#addedMs.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(calls - 1, Math.floor(share * calls))] ?? Number.NaN;
    const each = (of: (name: ServiceName) => number) => ({
      ingress: of("ingress"),
      gateway: of("gateway"),
      traceWriter: of("traceWriter"),
    });
    const sumOf = (name: ServiceName, what: "busyMs" | "turns" | "works") =>
      this.#loops[name].reduce((sum, loop) => sum + loop[what], 0);
    return {
      perSecond: (calls * 1000) / ms,
      storedPerSecond: (this.#stored * 1000) / ms,
      addedMs: { p50: at(0.5), p99: at(0.99) },
      cpuMs: each((name) => sumOf(name, "busyMs") / calls),
      busy: each((name) => sumOf(name, "busyMs") / this.#loops[name].length / ms),
      worksPerTurn: each((name) => sumOf(name, "works") / sumOf(name, "turns")),
      recordsPerBatch: this.#stored / this.#batches,
      waitingRecords: { half, end: this.waitingRecords },
    };
  }

  /** A call, from its caller to its ingress, a gateway, its provider, and back. */
  #call(ended: () => void): void {
    const { ingress, gateway, others, providerMs } = this.#shape;
    const entrance = this.#next % ingress.copies;
    this.#next += 1;
    const copy = (this.#turns[entrance] ?? 0) % gateway.copies;
    this.#turns[entrance] = copy + 1;
    const beganMs = this.queue.nowMs;
    let step = 0;
    const next = () => {
      step += 1;
      switch (step) {
        case 1:
        case 8:
          return this.#others.generator.take({ ms: (others?.generatorMs ?? 0) / 2, peer: 0, done: next });
        case 7:
          this.#record(copy);
          return this.#loops.ingress[entrance]?.take({ ms: ingress.callMs / 2, peer: copy, done: next });
        case 2:
          return this.#loops.ingress[entrance]?.take({ ms: ingress.callMs / 2, peer: copy, done: next });
        case 3:
        case 6:
          return this.#loops.gateway[copy]?.take({ ms: gateway.callMs / 2, peer: entrance, done: next });
        case 4:
          return this.#others.provider.take({ ms: others?.providerMs ?? 0, peer: 0, done: next });
        case 5:
          this.#stream(entrance, copy);
          return this.queue.in(providerMs, next);
        default:
          this.#addedMs.push(this.queue.nowMs - beganMs - providerMs);
          return ended();
      }
    };
    next();
  }

  /** The chunks of a stream pass its gateway and its ingress, in a few parts, while the provider is at work. */
  #stream(entrance: number, copy: number): void {
    const { ingress, gateway, providerMs } = this.#shape;
    const [through, out] = [(gateway.streamMs ?? 0) / STREAM_PARTS, (ingress.streamMs ?? 0) / STREAM_PARTS];
    if (through + out === 0) return;
    const send = () => this.#loops.ingress[entrance]?.take({ ms: out, peer: copy, hasTurn: true, done: NOTHING });
    const pass = () => this.#loops.gateway[copy]?.take({ ms: through, peer: entrance, hasTurn: true, done: send });
    for (let part = 1; part <= STREAM_PARTS; part += 1) this.queue.in((providerMs * part) / (STREAM_PARTS + 1), pass);
  }

  #record(copy: number): void {
    const outbox = this.#outboxes[copy];
    if (outbox === undefined) return;
    outbox.waiting += 1;
    if (!outbox.isShipping) this.#shipSoon(outbox);
  }

  #shipSoon(outbox: Outbox): void {
    const { lingerMs, batchRecordsMax } = this.#shape;
    outbox.isShipping = true;
    this.queue.in(outbox.waiting < batchRecordsMax ? lingerMs : 0, () => {
      const records = Math.min(outbox.waiting, batchRecordsMax);
      const writer = this.#batches % this.#loops.traceWriter.length;
      this.#batches += 1;
      const stored = () => {
        outbox.waiting -= records;
        this.#stored += records;
        outbox.isShipping = false;
        if (outbox.waiting > 0) this.#shipSoon(outbox);
      };
      const ms = records * this.#shape.traceWriter.callMs;
      const commitMs = records * this.#shape.commit.recordMs;
      const commit = () => this.#stores[writer]?.take({ ms: commitMs, peer: 0, done: stored });
      this.#loops.traceWriter[writer]?.take({ ms, peer: 0, done: commit });
    });
  }
}

/** In how many parts the chunks of a stream pass: enough that none is much work. */
const STREAM_PARTS = 3;
const NOTHING = () => {};
