import fc from "fast-check";
import { expect, test } from "vitest";
import { formatOtlpSpans } from "#lib/otlp-json/format-otlp-spans.ts";
import { parseOtlpJson } from "#lib/otlp-json/otlp-json.ts";
import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Span_SpanKind, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((some) => Buffer.from(some));
const nanos = fc.bigInt(0n, 2n ** 63n - 1n);
const count = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const text = fc.string({ unit: "binary" }).filter((some) => some.isWellFormed());
const { any } = fc.letrec<{ any: AnyValue; pair: KeyValue }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant({ value: undefined }),
    text.map((value): AnyValue => ({ value: { $case: "stringValue", value } })),
    fc.boolean().map((value): AnyValue => ({ value: { $case: "boolValue", value } })),
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((value): AnyValue => ({ value: { $case: "intValue", value } })),
    // JSON knows no -0.
    fc.double().map((value): AnyValue => ({ value: { $case: "doubleValue", value: value === 0 ? 0 : value } })),
    bytes(5).map((value): AnyValue => ({ value: { $case: "bytesValue", value } })),
    fc
      .array(tie("any"), { maxLength: 3 })
      .map((values): AnyValue => ({ value: { $case: "arrayValue", value: { values } } })),
    fc
      .array(tie("pair"), { maxLength: 3 })
      .map((values): AnyValue => ({ value: { $case: "kvlistValue", value: { values } } })),
  ),
  pair: fc.record({ key: text, value: fc.option(tie("any"), { nil: undefined }) }),
}));
const described = {
  attributes: fc.array(fc.record({ key: text, value: any }), { maxLength: 3 }),
  droppedAttributesCount: count,
};
const link = fc.record({ traceId: bytes(16), spanId: bytes(8), traceState: text, flags: count, ...described });
const span = fc.record({
  traceId: bytes(16),
  spanId: bytes(8),
  parentSpanId: fc.oneof(bytes(0), bytes(8)),
  traceState: text,
  flags: count,
  name: text,
  kind: fc.constantFrom<Span_SpanKind[]>(0, 1, 2, 3, 4, 5),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  ...described,
  events: fc.array(fc.record({ timeUnixNano: nanos, name: text, ...described }), { maxLength: 2 }),
  droppedEventsCount: count,
  links: fc.array(link, { maxLength: 2 }),
  droppedLinksCount: count,
  status: fc.option(fc.record({ message: text, code: fc.constantFrom<Status_StatusCode[]>(0, 1, 2) }), {
    nil: undefined,
  }),
});
const entity = fc.record({ schemaUrl: text, type: text, idKeys: fc.array(text), descriptionKeys: fc.array(text) });
const group = fc.record({
  resource: fc.option(fc.record({ ...described, entityRefs: fc.array(entity, { maxLength: 1 }) }), { nil: undefined }),
  scopeSpans: fc.array(
    fc.record({
      scope: fc.option(fc.record({ name: text, version: text, ...described }), { nil: undefined }),
      spans: fc.array(span, { maxLength: 2 }),
      schemaUrl: text,
    }),
    { maxLength: 2 },
  ),
  schemaUrl: text,
});

test("what is written as OTLP/JSON is one line, and is read as it was", () => {
  fc.assert(
    fc.property(fc.array(group, { maxLength: 2 }), (resourceSpans) => {
      const line = formatOtlpSpans(resourceSpans);
      expect(line).not.toContain("\n");
      expect(parseOtlpJson(Buffer.from(line))).toEqual({ resourceSpans });
    }),
    { numRuns: 300 },
  );
});
