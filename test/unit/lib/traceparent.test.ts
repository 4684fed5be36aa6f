import fc from "fast-check";
import { expect, test } from "vitest";
import { formatTraceParent, parseTraceParent } from "#lib/trace-context/traceparent.ts";

/**
 * W3C Trace Context level 2, §3.2, said plainly: cut at the hyphens, look at each field. Undefined: not valid.
 */
function stated(value: string): { traceId: string; spanId: string; flags: number } | undefined {
  const fields = value.replace(/^[ \t]+|[ \t]+$/g, "").split("-");
  const [version = "", traceId = "", spanId = "", flags = ""] = fields;
  const isHex = (text: string, length: number) =>
    text.length === length && [...text].every((digit) => "0123456789abcdef".includes(digit));
  if (!isHex(version, 2) || version === "ff") return undefined;
  if (!isHex(traceId, 32) || traceId === "0".repeat(32)) return undefined;
  if (!isHex(spanId, 16) || spanId === "0".repeat(16)) return undefined;
  if (!isHex(flags, 2)) return undefined;
  if (version === "00" && fields.length !== 4) return undefined;
  return { traceId, spanId, flags: Number(`0x${flags}`) % 4 };
}

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const valid = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: fc.constant("00") }, { weight: 1, arbitrary: hex(2) }),
    fc.oneof({ weight: 8, arbitrary: hex(32) }, { weight: 1, arbitrary: fc.constant("0".repeat(32)) }),
    fc.oneof({ weight: 8, arbitrary: hex(16) }, { weight: 1, arbitrary: fc.constant("0".repeat(16)) }),
    hex(2),
    fc.constantFrom("", "", "", "-", "-later", "later", "-a-b"),
    fc.constantFrom("", "", " ", "\t", " \t"),
  )
  .map(([version, traceId, spanId, flags, rest, space]) => {
    return `${space}${version}-${traceId}-${spanId}-${flags}${rest}${space}`;
  });
/** Any character, and often one that is nearly right. */
const character = fc.oneof(fc.string({ maxLength: 1, unit: "binary" }), fc.constantFrom(..."ABCDEFg0-\t"));
/** One character of a string put in, taken out or changed. */
const mutated = fc
  .tuple(valid, fc.nat(80), fc.constantFrom("insert", "remove", "replace"), character)
  .map(([text, at, how, character]) => {
    const place = at % (text.length + 1);
    return (
      text.slice(0, place) + (how === "remove" ? "" : character) + text.slice(how === "insert" ? place : place + 1)
    );
  });

test("traceparent is read as the W3C's rules say, for valid, nearly valid and arbitrary strings", () => {
  fc.assert(
    fc.property(fc.oneof(valid, mutated, mutated, fc.string({ unit: "binary", maxLength: 100 })), (text) => {
      expect(parseTraceParent(text)).toEqual(stated(text));
    }),
    { numRuns: 5_000 },
  );
});

test("what is written is read again, and is version 00", () => {
  fc.assert(
    fc.property(valid, (text) => {
      const parsed = parseTraceParent(text);
      fc.pre(parsed !== undefined);
      if (parsed === undefined) return;
      const written = formatTraceParent(parsed);
      expect(written).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
      expect(parseTraceParent(written)).toEqual(parsed);
    }),
  );
});

test.each([
  ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true],
  ["cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings", true],
  ["cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what-the-future-brings", false],
  ["ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false],
  ["00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01", false],
  ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-", false],
  ["\u00a000-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false],
  ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n", false],
])("of the official suite: %j", (text, isValid) => {
  expect(parseTraceParent(text) !== undefined).toBe(isValid);
});
