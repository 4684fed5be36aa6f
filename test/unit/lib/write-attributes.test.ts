import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AttributeValue, attributesOf } from "#lib/spans/attributes.ts";
import { writeAttributes } from "#lib/spans/write-attributes.ts";
import { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.double(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  fc.array(fc.string()),
  fc.constant(undefined),
);

test("attributes are written as the message of them would be", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), value), (values) => {
      const writer = new BinaryWriter();
      writeAttributes(writer, values);
      const told = { ...Span.decode(new Uint8Array(0)), attributes: attributesOf(values) };
      expect(Buffer.from(writer.finish())).toEqual(Buffer.from(Span.encode(told).finish()));
    }),
  );
});
