import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type BlockHead,
  encodeBlock,
  NONCE_BYTES,
  readBlock,
  type Write,
} from "../../../services/gateway/outbox/block.ts";
import {
  type Patience,
  type ReadableFile,
  type Stretch,
  stretchesIn,
} from "../../../services/gateway/outbox/read-segment.ts";
import { BLOCKS_FROM, segmentHead } from "../../../services/gateway/outbox/segment-head.ts";

const bytes = fc.uint8Array({ maxLength: 60 });
const traceId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => Buffer.from(id).toString("hex"));
const figure = fc.nat();
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constant("begin" as const), traceId, note: bytes }),
  fc.record({ kind: fc.constant("finish" as const), traceId, told: bytes, payload: bytes }),
  fc.record({ kind: fc.constant("drop" as const), traceId }),
);
const block = fc.record({
  head: fc.record<BlockHead>({ timeMs: figure, goneUpTo: figure, firstSeq: figure }),
  writes: fc.array(write, { maxLength: 6 }),
});
const nonce = Buffer.from("8 bytes!");

/** What was read, its views as bytes of their own. */
function told(writes: readonly Write[]) {
  const own = (view: Uint8Array) => new Uint8Array(view);
  return writes.map((write) => {
    if (write.kind === "begin") return { ...write, note: own(write.note) };
    return write.kind === "finish" ? { ...write, told: own(write.told), payload: own(write.payload) } : write;
  });
}

/** Bytes as a disk gives them: a piece at a time, and what is in `broken` not at all. */
function fileOf(
  bytes: Buffer,
  broken: { readonly from: number; readonly to: number } = { from: 0, to: 0 },
): ReadableFile {
  return {
    async read(buffer, offset, length, position) {
      const to = Math.min(position + Math.ceil(length / 2), bytes.length);
      if (position < broken.to && to > broken.from) throw Object.assign(new Error("i/o error"), { code: "EIO" });
      return { bytesRead: bytes.copy(buffer, offset, position, to) };
    },
  };
}

async function stretchesOf(bytes: Buffer, file = fileOf(bytes), passOver?: Patience): Promise<readonly Stretch[]> {
  return Array.fromAsync(stretchesIn(file, { upTo: bytes.length, passOver }));
}

test("what was written is read again, up to the block that the death of the process has cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 4 }), fc.nat(), async (blocks, seed) => {
      const encoded = blocks.map(({ head, writes }) => encodeBlock(nonce, head, writes));
      const whole = Buffer.concat([segmentHead(nonce), ...encoded]);
      const cut = BLOCKS_FROM + (seed % (whole.length - BLOCKS_FROM + 1));
      let end = BLOCKS_FROM;
      const fitting = blocks.filter((_, index) => {
        end += encoded[index]?.length ?? 0;
        return end <= cut;
      });
      const read = await stretchesOf(whole.subarray(0, cut));
      expect(
        read.map((stretch) => stretch.kind === "block" && { head: stretch.head, writes: told(stretch.writes) }),
      ).toEqual(fitting);
    }),
  );
});

/** Blocks over more than one piece of what is read at once, small and large ones in turn, and where each begins. */
function largeSegment() {
  const payloads = [30, 700_000, 0, 5, 900_000, 1_500_000, 80, 400_000, 60, 0];
  const encoded = payloads.map((length, index) =>
    encodeBlock(nonce, { timeMs: 1, goneUpTo: 0, firstSeq: index + 1 }, [
      { kind: "finish", traceId: "a".repeat(32), told: Buffer.alloc(3), payload: Buffer.alloc(length, index + 1) },
    ]),
  );
  const bytes = Buffer.concat([segmentHead(nonce), ...encoded]);
  let end = BLOCKS_FROM;
  const blocks = encoded.map(({ length }, index) => {
    end += length;
    return { seq: index + 1, from: end - length, to: end };
  });
  return { bytes, blocks };
}

const large = largeSegment();
const range = fc
  .tuple(fc.integer({ min: BLOCKS_FROM, max: large.bytes.length - 1 }), fc.integer({ min: 1, max: 600_000 }))
  .map(([from, length]) => ({ from, to: Math.min(large.bytes.length, from + length) }));
/** Near a boundary between blocks, where heads are. */
const headRange = fc
  .tuple(fc.constantFrom(...large.blocks), fc.integer({ min: 0, max: 12 }))
  .map(([{ from }, more]) => ({ from: from + more, to: from + more + 1 }));

test("what rots in a segment costs the blocks it is in, and no other; the place is told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(range, headRange), fc.integer({ min: 1, max: 255 }), async ({ from, to }, flip) => {
      const rotten = Buffer.from(large.bytes);
      for (let at = from; at < to; at += 1) rotten[at] = (rotten[at] ?? 0) ^ flip;
      const read = await stretchesOf(rotten);
      const hit = large.blocks.filter((place) => place.from < to && place.to > from);
      const sound = large.blocks.filter((place) => !hit.includes(place));
      const readSeqs = read.map((stretch) => stretch.kind === "block" && stretch.head.firstSeq).filter(Boolean);
      expect(readSeqs).toEqual(sound.map(({ seq }) => seq));
      const damage = read.filter(({ kind }) => kind === "damage");
      const [first, last] = [hit[0], hit.at(-1)];
      // The length of the last block may have become one that goes beyond the file, as that of a block that is cut
      // does.
      if (damage.length === 0 && last?.to === rotten.length) return;
      expect(damage).toEqual([{ kind: "damage", offset: first?.from, bytes: (last?.to ?? 0) - (first?.from ?? 0) }]);
    }),
    { numRuns: 60 },
  );
});

test("what a disk cannot read costs the blocks it is in where it is passed over, and else is told", async () => {
  await fc.assert(
    fc.asyncProperty(range, async (broken) => {
      const read = await stretchesOf(large.bytes, fileOf(large.bytes, broken), { tries: 0 });
      const seqs = new Set(read.map((stretch) => stretch.kind === "block" && stretch.head.firstSeq));
      // A page or two around it go with it.
      const sound = large.blocks.filter(({ from, to }) => to < broken.from - 8192 || from > broken.to + 8192);
      for (const { seq } of sound) expect(seqs).toContain(seq);
      await expect(stretchesOf(large.bytes, fileOf(large.bytes, broken))).rejects.toThrow("i/o error");
    }),
    { numRuns: 30 },
  );
});

test("what a disk can read at the second try is no damage", async () => {
  const broken = { from: 0, to: large.bytes.length };
  const file = fileOf(large.bytes, broken);
  const again: ReadableFile = {
    async read(...place) {
      try {
        return await file.read(...place);
      } finally {
        broken.to = 0;
      }
    },
  };
  const read = await stretchesOf(large.bytes, again, { tries: 1 });
  expect(read.map(({ kind }) => kind)).toEqual(large.blocks.map(() => "block"));
});

test("a nonce that has rotted into what the file is full of is not looked for all over it", async () => {
  const rotten = Buffer.from(large.bytes);
  const from = (large.blocks[5]?.from ?? 0) + 1000;
  const filling = rotten.subarray(from, from + 8);
  for (const at of [BLOCKS_FROM - 8, BLOCKS_FROM]) filling.copy(rotten, at);
  rotten[BLOCKS_FROM] = (rotten[BLOCKS_FROM] ?? 0) ^ 1;
  // Whatever stands before the first block, its checksum says that it is one.
  expect((await stretchesOf(rotten)).map(({ kind }) => kind)).toEqual(["block", "damage"]);
});

test("where the disk can read nothing of a beginning, all behind it is told as damage", async () => {
  const read = await stretchesOf(large.bytes, fileOf(large.bytes, { from: 0, to: 64 }), { tries: 0 });
  expect(read).toEqual([{ kind: "damage", offset: BLOCKS_FROM, bytes: large.bytes.length - BLOCKS_FROM }]);
});

test("a block of which one bit is another is none", () => {
  fc.assert(
    fc.property(block, fc.nat(), ({ head, writes }, seed) => {
      const encoded = encodeBlock(nonce, head, writes);
      const bit = seed % (encoded.length * 8);
      encoded[bit >> 3] = (encoded[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readBlock(nonce, encoded, 0)).toBeUndefined();
    }),
  );
});

test("a payload that is a block of another file is not taken for one", () => {
  const head = { timeMs: 1, goneUpTo: 0, firstSeq: 1 };
  const forged = encodeBlock(Buffer.alloc(NONCE_BYTES), head, [{ kind: "drop", traceId: "a".repeat(32) }]);
  const holder = encodeBlock(nonce, head, [
    { kind: "finish", traceId: "b".repeat(32), told: Buffer.alloc(0), payload: forged },
  ]);
  const at = holder.indexOf(forged);
  expect(at).toBeGreaterThan(0);
  expect(readBlock(nonce, holder, at)).toBeUndefined();
});
