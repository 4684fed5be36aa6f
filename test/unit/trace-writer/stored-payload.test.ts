import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY_RECORD } from "#lib/spans/empty-record.ts";
import { InvocationRecord, type SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { previewOfBytes } from "../../../services/trace-writer/core/spans/preview.ts";
import { payloadIn, storedPayloadOf } from "../../../services/trace-writer/store/sqlite/stored-payload.ts";

const bytes = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 700 }).map((text) => Buffer.from(text)),
  fc.string({ minLength: 80, maxLength: 120 }).map((text) => Buffer.from(`${text}...`)),
  fc.uint8Array({ maxLength: 700 }).map((array) => Buffer.from(array)),
);
const payloads: fc.Arbitrary<SpanPayload> = fc
  .record({ inputs: bytes, outputs: bytes, isEcho: fc.boolean() })
  .map(({ inputs, outputs, isEcho }) => ({
    spanId: Buffer.alloc(8, 1),
    inputs,
    outputs: isEcho ? inputs : outputs,
    errorText: "",
    truncated: false,
  }));
const previewsOf = ({ inputs, outputs }: SpanPayload) => ({
  requestPreview: previewOfBytes(inputs),
  responsePreview: previewOfBytes(outputs),
});
const bytesOf = (payload: SpanPayload) => InvocationRecord.encode({ ...EMPTY_RECORD, payloads: [payload] }).finish();

test("a payload is whole again with its previews, to the byte, whatever it says", () => {
  fc.assert(
    fc.property(payloads, (payload) => {
      const previews = previewsOf(payload);
      const stored = storedPayloadOf(bytesOf(payload), previews);
      expect(Buffer.from(payloadIn(stored, previews))).toEqual(Buffer.from(bytesOf(payload)));
    }),
  );
});

const said = (what: string) => Array.from({ length: 200 }, (_, index) => `${what} ${index}.`).join(" ");

test("what lists show of a payload is not stored a second time with it", () => {
  const payload: SpanPayload = {
    spanId: Buffer.alloc(8, 1),
    inputs: Buffer.from(`{"messages":"${said("Asked, ä")}"}`),
    outputs: Buffer.from(said("Answered")),
    errorText: "",
    truncated: false,
  };
  const previews = previewsOf(payload);
  const stored = Buffer.from(storedPayloadOf(bytesOf(payload), previews));
  for (const preview of Object.values(previews)) expect(stored.includes(preview.slice(0, -3))).toBe(false);
  expect(stored.length).toBeLessThan(bytesOf(payload).length - 950);
});
