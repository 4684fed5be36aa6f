import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type BlockHead,
  encodeBlock,
  NONCE_BYTES,
  readBlock,
  type Write,
} from "../../../services/gateway/outbox/block.ts";
import { BLOCKS_FROM, blocksIn, segmentHead } from "../../../services/gateway/outbox/segments.ts";

const bytes = fc.uint8Array({ maxLength: 60 });
const traceId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => Buffer.from(id).toString("hex"));
const figure = fc.nat();
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constant("begin" as const), traceId, note: bytes }),
  fc.record({ kind: fc.constant("finish" as const), traceId, spans: bytes, payload: bytes }),
  fc.record({ kind: fc.constant("drop" as const), traceId }),
);
const block = fc.record({
  head: fc.record<BlockHead>({ timeMs: figure, goneUpTo: figure, firstSeq: figure }),
  writes: fc.array(write, { maxLength: 6 }),
});
const nonce = Buffer.alloc(NONCE_BYTES, 7);

/** What was read, its views as bytes of their own. */
function told(writes: readonly Write[]) {
  const own = (view: Uint8Array) => new Uint8Array(view);
  return writes.map((write) => {
    if (write.kind === "begin") return { ...write, note: own(write.note) };
    return write.kind === "finish" ? { ...write, spans: own(write.spans), payload: own(write.payload) } : write;
  });
}

test("what was written is read again, up to the block that the death of the process has cut", () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), fc.nat(), (blocks, seed) => {
      const encoded = blocks.map(({ head, writes }) => encodeBlock(nonce, head, writes));
      const whole = Buffer.concat([segmentHead(nonce), ...encoded]);
      const cut = BLOCKS_FROM + (seed % (whole.length - BLOCKS_FROM + 1));
      let end = BLOCKS_FROM;
      const fitting = blocks.filter((_, index) => {
        end += encoded[index]?.length ?? 0;
        return end <= cut;
      });
      const read = [...blocksIn(whole.subarray(0, cut))];
      expect(read.map(({ head, writes }) => ({ head, writes: told(writes) }))).toEqual(fitting);
    }),
  );
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
    { kind: "finish", traceId: "b".repeat(32), spans: Buffer.alloc(0), payload: forged },
  ]);
  const at = holder.indexOf(forged);
  expect(at).toBeGreaterThan(0);
  expect(readBlock(nonce, holder, at)).toBeUndefined();
});
