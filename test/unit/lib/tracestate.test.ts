import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTraceState } from "#lib/trace-context/tracestate.ts";

/** W3C Trace Context level 2, §3.3, said plainly, for lists short enough that nothing need be dropped. */
function stated(value: string): string | undefined {
  const members = value
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  if (members.length === 0 || members.length > 32) return undefined;
  const keys = members.map((member) => member.split("=")[0] ?? "");
  if (new Set(keys).size !== keys.length) return undefined;
  return members.every(isMember) ? members.join(",") : undefined;
}

function isMember(member: string): boolean {
  const [key = "", value = "", ...more] = member.split("=");
  const isLower = (character: string) => character >= "a" && character <= "z";
  const isDigit = (character: string) => character >= "0" && character <= "9";
  const keyIsGood =
    key.length >= 1 &&
    key.length <= 256 &&
    (isLower(key.charAt(0)) || isDigit(key.charAt(0))) &&
    [...key].every((character) => isLower(character) || isDigit(character) || "_-*/@".includes(character));
  const valueIsGood =
    value.length >= 1 &&
    value.length <= 256 &&
    [...value].every((character) => character >= " " && character <= "~" && character !== ",") &&
    !value.endsWith(" ");
  return keyIsGood && valueIsGood && more.length === 0;
}

const key = fc.string({ unit: fc.constantFrom(..."abz09_-*/@"), minLength: 1, maxLength: 6 });
const value = fc.string({ unit: fc.constantFrom(..."aZ09 ~!;:"), minLength: 1, maxLength: 8 });
const member = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(key, value).map(([k, v]) => `${k}=${v}`) },
  { weight: 1, arbitrary: fc.constantFrom("", " ", "a", "=", "a=", "=a", "a=b=c", "A=b", "é=1", "a=é", "a =1") },
);
const list = fc
  .array(fc.tuple(fc.constantFrom("", "", " ", "\t"), member), { maxLength: 40 })
  .map((members) => members.map(([space, text]) => `${space}${text}${space}`).join(","));

test("tracestate is read as the W3C's rules say, for valid, nearly valid and arbitrary strings", () => {
  fc.assert(
    fc.property(fc.oneof(list, fc.string({ unit: "binary", maxLength: 200 })), (text) => {
      expect(parseTraceState(text)).toBe(stated(text));
    }),
    { numRuns: 5_000 },
  );
});

const numbered = (count: number, length = 8) =>
  Array.from({ length: count }, (_, index) => `k${index}=`.padEnd(length, "v"));

test("32 members pass, 33 do not, and empty ones do not count", () => {
  const members = numbered(32);
  expect(parseTraceState(members.join(","))).toBe(members.join(","));
  expect(parseTraceState(members.join(",,  ,"))).toBe(members.join(","));
  expect(parseTraceState([...members, "one=more"].join(","))).toBeUndefined();
});

test("keys and values of 256 characters pass, of 257 not", () => {
  const long = (keyLength: number, valueLength: number) => `${"k".repeat(keyLength)}=${"v".repeat(valueLength)}`;
  expect(parseTraceState(long(256, 256))).toBe(long(256, 256));
  expect(parseTraceState(long(257, 1))).toBeUndefined();
  expect(parseTraceState(long(1, 257))).toBeUndefined();
});

test("what is too long loses whole entries: long ones first, then from the right", () => {
  const short = numbered(20, 100);
  const [before, after] = [short.slice(0, 10), short.slice(10)];
  const shortened = parseTraceState([...before, `long=${"x".repeat(200)}`, ...after].join(","));
  expect(shortened).toBe(short.join(","));

  const many = numbered(30, 120);
  const kept = parseTraceState(many.join(","))?.split(",") ?? [];
  expect(kept).toEqual(many.slice(0, kept.length));
  expect(kept.join(",").length).toBeLessThanOrEqual(2048);
  expect([...kept, many[kept.length]].join(",").length).toBeGreaterThan(2048);
});
