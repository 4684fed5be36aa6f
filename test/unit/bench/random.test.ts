import { expect, test } from "vitest";
import { createRandom } from "../../../bench/traffic/random.ts";

const EPISODES = 300_000;

test("ids of many episodes are as many ids, also where episodes have drawn other things before", () => {
  const ids = Array.from({ length: EPISODES }, (_, index) => {
    const random = createRandom(1, EPISODES, index);
    for (let drawn = 0; drawn < index % 3; drawn += 1) random.next();
    return random.hex(8);
  });
  expect(new Set(ids).size).toBe(EPISODES);
});

test("the same seeds are the same chance, others another one, and it is spread evenly", () => {
  const drawn = (...seeds: number[]) => {
    const random = createRandom(...seeds);
    return Array.from({ length: 10_000 }, () => random.next());
  };
  expect(drawn(1, 2)).toEqual(drawn(1, 2));
  expect(drawn(1, 2)).not.toEqual(drawn(2, 1));
  const tenths = Map.groupBy(drawn(3), (value) => Math.floor(value * 10));
  expect([...tenths.keys()].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const values of tenths.values()) expect(Math.abs(values.length - 1000)).toBeLessThan(150);
});
