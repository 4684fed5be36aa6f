import fc from "fast-check";
import { expect, test } from "vitest";
import { envelopeOf, envelopesIn } from "../../../console/src/api/envelopes.ts";

async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  let from = 0;
  for (const place of [...places, bytes.length]) {
    yield bytes.subarray(from, place);
    from = place;
  }
}

test("messages of a stream come out as they went in, however its bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 })), fc.array(fc.nat()), async (messages, cuts) => {
      const bytes = new Uint8Array(Buffer.concat(messages.map(envelopeOf)));
      const found: Uint8Array[] = [];
      for await (const envelope of envelopesIn(inPieces(bytes, cuts))) {
        expect(envelope.isEnd).toBe(false);
        found.push(envelope.bytes);
      }
      expect(found).toEqual(messages.map((message) => new Uint8Array(message)));
    }),
  );
});

test("the last message is told from the others by its flag", async () => {
  const end = envelopeOf(Buffer.from("{}"));
  end[0] = 0b10;
  const { value } = await envelopesIn(inPieces(end, [3])).next();
  expect(value).toEqual({ isEnd: true, bytes: new Uint8Array(Buffer.from("{}")) });
});

test("a stream that ends within a message, is compressed or claims an enormous one is refused", async () => {
  const drain = async (bytes: Uint8Array) => {
    for await (const _ of envelopesIn(inPieces(bytes, [])));
  };
  await expect(drain(envelopeOf(new Uint8Array(9)).subarray(0, 12))).rejects.toThrow("within a message");
  await expect(drain(new Uint8Array([1, 0, 0, 0, 0]))).rejects.toThrow("compressed");
  await expect(drain(new Uint8Array([0, 255, 0, 0, 0]))).rejects.toThrow("larger");
});
