import fc from "fast-check";
import { expect, test } from "vitest";
import { createClock } from "#lib/clock.ts";
import { isId, newSpanId, newTraceId, parseTraceName, randomHex, traceNameOf } from "#lib/ids.ts";

test("ids are lower-case hex, never all zero, and do not repeat", () => {
  const traceIds = Array.from({ length: 2_000 }, () => newTraceId());
  expect(new Set(traceIds).size).toBe(traceIds.length);
  expect(traceIds.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  expect(newSpanId()).toMatch(/^[0-9a-f]{16}$/);

  let calls = 0;
  const firstZeroes = (bytes: number) => (calls++ === 0 ? "00" : "ab").repeat(bytes);
  expect(newSpanId(firstZeroes)).toBe("ab".repeat(8));
});

test("random bytes come from a pool, and no two draws share them", () => {
  const draws = Array.from({ length: 1_000 }, () => randomHex(8));
  expect(new Set(draws).size).toBe(draws.length);
});

test("a trace's name is read back, as it is or bare, in any case, and nothing else is", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const id = Buffer.from(bytes).toString("hex");
      const known = isId(bytes, 16) ? id : undefined;
      expect(parseTraceName(traceNameOf(id))).toBe(known);
      expect(parseTraceName(id.toUpperCase())).toBe(known);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => parseTraceName(`${text}!`) === undefined));
});

test("the clock tells the wall clock's time, finer than milliseconds, and goes forward", () => {
  const clock = createClock();
  const times = Array.from({ length: 1_000 }, clock);
  const aside = Number((times[0] ?? 0n) / 1_000_000n) - Date.now();
  expect(Math.abs(aside)).toBeLessThanOrEqual(1_000);
  expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0n))).toBe(true);
  expect(times.some((time) => time % 1_000_000n !== 0n)).toBe(true);
});
