import { expect, test } from "vitest";
import { seededRandom } from "../../tools/seeded-random.ts";
import { growthOf } from "./growth.ts";

test("what rises is told to grow by what it rises, what is flat by nothing, whatever single figures say", () => {
  const noise = seededRandom(1);
  const noisy = (slope: number) => Array.from({ length: 60 }, (_, turn) => 1000 + slope * turn + noise() * 20 - 10);
  expect(growthOf([1, 2, 3, 4])).toBe(3);
  expect(growthOf([5, 5, 500, 5, 5])).toBe(0);
  expect(Math.abs(growthOf(noisy(0)))).toBeLessThan(10);
  expect(growthOf(noisy(5))).toBeGreaterThan(250);
  expect(growthOf([])).toBe(0);
  expect(growthOf([7])).toBe(0);
});
