import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pack, unpack } from "../../../services/trace-writer/store/packing.ts";
import { contentBytesOf } from "../../../services/trace-writer/store/zstd-frame.ts";

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 600 }),
  fc.integer({ min: 0, max: 200_000 }),
  fc.integer({ min: 1_040_000, max: 1_060_000 }),
);
const contentOf = (size: number) => Buffer.alloc(size, "twins of a call ");

test("a frame's header says how much it holds, up to 1 MiB", () => {
  fc.assert(
    fc.property(sizes, (size) => {
      const said = contentBytesOf(zstdCompressSync(contentOf(size), { pledgedSrcSize: size }));
      expect([size, undefined]).toContain(said);
      if (size >= 256) expect(said).toBe(size <= 1_048_576 ? size : undefined);
    }),
  );
});

test("a frame that does not say is not guessed at, nor is one that is cut", () => {
  const frame = zstdCompressSync(Buffer.concat([contentOf(1000)]));
  expect([undefined, 1000]).toContain(contentBytesOf(frame));
  expect(contentBytesOf(frame.subarray(0, 4))).toBeUndefined();
  expect(contentBytesOf(frame.subarray(0, 5))).toBeUndefined();
});

test("what is packed is unpacked to the byte, whatever its size", () => {
  fc.assert(
    fc.property(sizes, fc.uint8Array({ maxLength: 300 }), (size, tail) => {
      // What is stored begins with a protobuf field.
      const bytes = Buffer.concat([Buffer.from([0x0a]), contentOf(size), tail]);
      expect(Buffer.compare(unpack(pack(bytes)), bytes)).toBe(0);
    }),
  );
});
