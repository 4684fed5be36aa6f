import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteArray } from "../../../console/src/api/byte-array.ts";

test("bytes are told in a browser as Node tells them", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(20), fc.nat(20), (bytes, start, length) => {
      for (const encoding of ["hex", "base64"] as const) {
        expect(new ByteArray(bytes).toString(encoding)).toBe(Buffer.from(bytes).toString(encoding));
        const [told, wanted] = [new ByteArray(bytes), Buffer.from(bytes)];
        expect(told.toString(encoding, start, start + length)).toBe(wanted.toString(encoding, start, start + length));
      }
    }),
  );
  expect(new ByteArray(Buffer.from("für")).toString()).toBe("für");
});
