import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { findRest } from "../../../services/gateway/outbox/find-rest.ts";
import { Journal } from "../../../services/gateway/outbox/journal.ts";
import { readSegment } from "../../../services/gateway/outbox/read-segment.ts";
import { RecordQueue } from "../../../services/gateway/outbox/record-queue.ts";
import { BLOCKS_FROM } from "../../../services/gateway/outbox/segment-head.ts";
import { segmentPath, segmentsOf } from "../../../services/gateway/outbox/segments.ts";

/** So small that a few records are more than a segment, and more than memory holds. */
const SEGMENT_BYTES = 16_384;
const HELD_BYTES_MAX = 12_000;
/** A block that claims to be longer than its file, as one that a death has cut. */
const TORN_LENGTH = Buffer.from([0xff, 0xff, 0, 0]);

const BLIND = "die where the end cannot be read for a while";

const count = fc.integer({ min: 1, max: 12 });
/** What may happen to an outbox. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("write" as const), sizes: fc.array(fc.nat(3000), { maxLength: 5 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("take" as const), count, bytes: fc.integer({ min: 1, max: 20_000 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("both" as const), count, size: fc.nat(6000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("begin a segment" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("die" as const), isTorn: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant(BLIND) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("postpone" as const), bytes: fc.integer({ min: 1, max: 9000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose a segment" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rot" as const), which: fc.nat(), at: fc.nat() }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** An outbox without its loop, over the lives of its process. Records have numbers of their own as what they tell. */
class Model implements AsyncDisposable {
  readonly delivered = new Set<number>();
  written = 0;
  repeated = 0;
  lost = 0;
  readonly #path: string;
  #journal: Journal;
  #queue: RecordQueue;

  private constructor(path: string, journal: Journal, queue: RecordQueue) {
    this.#path = path;
    this.#journal = journal;
    this.#queue = queue;
  }

  static async start(path: string): Promise<Model> {
    const nobody = { found() {}, lost() {}, lostUncounted() {} };
    const found = await findRest(path);
    const model = new Model(path, new Journal(path, "process", found), new RecordQueue(path, found, nobody));
    await model.#restart();
    return model;
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty;
  }

  get waitingBytes(): number {
    return this.#queue.bytes;
  }

  async do(what: Step): Promise<void> {
    switch (what.kind) {
      case "write":
        return this.write(what.sizes);
      case "take":
        return this.take(what.count, what.bytes);
      case "both":
        await Promise.all([this.take(what.count, 5000), this.write([what.size])]);
        return;
      case "begin a segment": {
        const needed = this.#needed;
        await this.#journal.beginSegment(this.#queue.headAt(1));
        await this.#journal.release(needed);
        return;
      }
      case "die":
        return this.#die(what.isTorn);
      case BLIND:
        return this.#dieBlind();
      case "postpone":
        await this.#queue.first(1, what.bytes);
        return this.#queue.postpone();
      case "lose a segment":
        return this.#harm(what.which, (file) => rmSync(file));
      case "rot":
        return this.#harm(what.which, (file) => rot(file, what.at));
    }
  }

  async write(sizes: readonly number[]): Promise<void> {
    const writes = sizes.map((size) => {
      const told = Buffer.from([this.written >> 8, this.written & 255]);
      this.written += 1;
      return { kind: "finish", traceId: "a".repeat(32), told, payload: Buffer.alloc(size, 7) } as const;
    });
    const needed = this.#needed;
    const place = await this.#journal.append(this.#queue.headAt(1), writes);
    this.#queue.add(writes, 1, place, this.#journal.end);
    await this.#journal.release(needed);
  }

  async take(recordsMax: number, bytesMax: number): Promise<void> {
    const batch = await this.#queue.first(recordsMax, bytesMax);
    for (const record of batch) {
      const number = numberOf(record);
      if (this.delivered.has(number)) this.repeated += 1;
      this.delivered.add(number);
    }
    this.#queue.remove(batch.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal[Symbol.asyncDispose]();
  }

  get #needed(): number {
    return this.#queue.firstSegment ?? this.#journal.end.segment;
  }

  async #restart(): Promise<void> {
    const found = await findRest(this.#path);
    const losses = {
      found() {},
      lost: (records: number) => {
        this.lost += records;
      },
      lostUncounted() {},
    };
    this.#journal = new Journal(this.#path, "process", found, SEGMENT_BYTES);
    this.#queue = new RecordQueue(this.#path, found, losses, HELD_BYTES_MAX);
  }

  async #die(isTorn: boolean): Promise<void> {
    await this.#journal[Symbol.asyncDispose]();
    const last = (await segmentsOf(this.#path)).segments.at(-1);
    if (isTorn && last !== undefined) {
      const file = segmentPath(this.#path, last);
      const nonce = readFileSync(file).subarray(BLOCKS_FROM - 8, BLOCKS_FROM);
      appendFileSync(file, Buffer.concat([nonce, TORN_LENGTH]));
    }
    await this.#restart();
  }

  async #dieBlind(): Promise<void> {
    await this.#journal[Symbol.asyncDispose]();
    const last = (await segmentsOf(this.#path)).segments.at(-1);
    if (last === undefined) return this.#restart();
    const stretches = await Array.fromAsync(readSegment(this.#path, last));
    const end = stretches.filter((stretch) => stretch.kind === "block").at(-1);
    const file = segmentPath(this.#path, last);
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.from(bytes).fill(0, end?.offset ?? bytes.length, end?.end));
    await this.#restart();
    writeFileSync(file, bytes);
  }

  /** Of the last segment nobody could say after a death what its last block had. */
  async #harm(which: number, harm: (file: string) => void): Promise<void> {
    const harmed = (await segmentsOf(this.#path)).segments.slice(0, -1);
    const segment = harmed[which % Math.max(1, harmed.length)];
    if (segment !== undefined) harm(segmentPath(this.#path, segment));
  }
}

function numberOf({ told }: { readonly told: Uint8Array }): number {
  return Buffer.from(told).readUInt16BE();
}

function rot(file: string, at: number): void {
  const bytes = readFileSync(file);
  // Half of it in the beginning, which tells what the rest is.
  const place = (at >> 1) % Math.max(1, at % 2 === 0 ? bytes.length : BLOCKS_FROM);
  bytes[place] = (bytes[place] ?? 0) ^ 0x55;
  writeFileSync(file, bytes);
}

/** What became of an outbox once all that waited was delivered. Nothing of it may stay. */
async function after(steps: readonly Step[]) {
  const directory = mkdtempSync(join(tmpdir(), "twinspan-model-"));
  const path = join(directory, "outbox.db");
  try {
    await using model = await Model.start(path);
    for (const what of steps) await model.do(what);
    while (!model.isEmpty) await model.take(7, 4000);
    expect(model.waitingBytes).toBe(0);
    // What is before a segment that begins goes with the next block.
    await model.do({ kind: "begin a segment" });
    await model.write([]);
    expect((await segmentsOf(path)).segments).toHaveLength(1);
    const { written, delivered, repeated, lost } = model;
    const missing = Array.from({ length: written }, (_, number) => number).filter((number) => !delivered.has(number));
    return { missing: missing.length, repeated, lost };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const stepsWithout = (...kinds: readonly Step["kind"][]) =>
  fc.array(step, { minLength: 20, maxLength: 80 }).map((steps) => steps.filter(({ kind }) => !kinds.includes(kind)));

test("whatever is written, taken, postponed and interrupted, all that can be read, if only later, is delivered, and nothing is taken for lost", async () => {
  await fc.assert(
    fc.asyncProperty(stepsWithout("rot", "lose a segment"), async (steps) => {
      const { missing, repeated, lost } = await after(steps);
      expect(missing).toBe(0);
      // A block that cannot be read may be the one that says what was delivered.
      if (!steps.some(({ kind }) => kind === BLIND)) expect(lost).toBe(0);
      if (!steps.some(({ kind }) => kind === "die" || kind === BLIND)) expect(repeated).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test("whatever rots or goes missing, written = delivered + lost", async () => {
  await fc.assert(
    fc.asyncProperty(stepsWithout("die", BLIND), async (steps) => {
      const { missing, repeated, lost } = await after(steps);
      expect([missing, repeated]).toEqual([lost, 0]);
    }),
    { numRuns: 30 },
  );
});

test("what was delivered before a death may be missed after it, but nothing else is lost without being counted", async () => {
  await fc.assert(
    fc.asyncProperty(stepsWithout(BLIND), async (steps) => {
      const { missing, lost } = await after(steps);
      expect(missing).toBeLessThanOrEqual(lost);
    }),
    { numRuns: 30 },
  );
});
