import { expect, test } from "vitest";
import { beyondLimitsText } from "#lib/traces/beyond-limits.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 1000 * DAY_MS;
const held = { traceCount: 5000n, storedBytes: 1_000_000n, oldestStartMs: NOW_MS - 45 * DAY_MS };
const limits = (asked: { ageDaysMax?: number; tracesMax?: bigint; bytesMax?: bigint }) => ({
  ageDaysMax: 0,
  tracesMax: 0n,
  bytesMax: 0n,
  ...asked,
});

test("what is beyond each limit is told, and nothing of what is within", () => {
  const text = (asked: Parameters<typeof limits>[0], of = held) => beyondLimitsText(limits(asked), of, NOW_MS);
  expect(text({})).toBeUndefined();
  expect(text({ ageDaysMax: 46, tracesMax: 5000n, bytesMax: 1_000_000n })).toBeUndefined();
  expect(text({ ageDaysMax: 7 })).toBe("all that is older than 7 days (its oldest trace is 45 days old)");
  expect(text({ ageDaysMax: 0.5 })).toContain("older than 12 hours");
  expect(text({ tracesMax: 3800n })).toBe("the 1,200 oldest traces of 5,000");
  expect(text({ bytesMax: 750_000n })).toBe("the oldest 25 % of its bytes");
  expect(text({ bytesMax: 999_999n })).toBe("the oldest 0.1 % of its bytes");
  expect(text({ ageDaysMax: 1, tracesMax: 1n })).toMatch(/1 day .*, the 4,999 oldest traces of 5,000$/);
  expect(text({ ageDaysMax: 1 }, { ...held, traceCount: 0n, oldestStartMs: NOW_MS })).toBeUndefined();
});
