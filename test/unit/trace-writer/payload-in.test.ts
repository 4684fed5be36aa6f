import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY_RECORD } from "#lib/spans/empty-record.ts";
import { InvocationRecord, type SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { payloadIn } from "../../../services/trace-writer/core/records/payload-in.ts";

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const payloads: fc.Arbitrary<SpanPayload> = fc.record({
  spanId: bytes,
  inputs: bytes,
  outputs: bytes,
  errorText: fc.string({ unit: "grapheme" }),
  truncated: fc.boolean(),
});
const fieldOf = (payload: SpanPayload) => InvocationRecord.encode({ ...EMPTY_RECORD, payloads: [payload] }).finish();

test("a payload is read as the decoder reads it, and a cut one fails", () => {
  fc.assert(
    fc.property(payloads, (payload) => {
      const field = fieldOf(payload);
      expect(payloadIn(field)).toEqual(InvocationRecord.decode(field).payloads[0]);
      expect(() => payloadIn(field.subarray(0, -1))).toThrow();
    }),
  );
});

test("inputs and outputs are no copies", () => {
  const field = fieldOf({
    spanId: Buffer.alloc(8, 1),
    inputs: Buffer.from("asked"),
    outputs: Buffer.from("answered"),
    errorText: "",
    truncated: false,
  });
  const { inputs, outputs } = payloadIn(field);
  expect([inputs.buffer, outputs.buffer]).toEqual([field.buffer, field.buffer]);
});
