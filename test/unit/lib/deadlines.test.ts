import { expect, test } from "vitest";
import { Deadlines } from "#lib/deadlines.ts";
import { until } from "../../../tools/until.ts";

test("deadlines pass in their order, however they were added, and none before its time", async () => {
  using deadlines = new Deadlines();
  const passed: { readonly ms: number; readonly tookMs: number }[] = [];
  const startMs = performance.now();
  for (const ms of [40, 5, 60_000, 20, 0]) {
    deadlines.in(ms, () => passed.push({ ms, tookMs: performance.now() - startMs }));
  }
  await until("the last but one has passed", () => passed.length === 4);
  expect(passed.map(({ ms }) => ms)).toEqual([0, 5, 20, 40]);
  expect(passed.filter(({ ms, tookMs }) => tookMs < ms)).toEqual([]);
});

test("what was disposed of does not pass, not even by one that passes with it, nor does anything of what is disposed of whole", async () => {
  using deadlines = new Deadlines();
  const passed: string[] = [];
  const whole = new Deadlines();
  whole.in(0, () => passed.push("whole"));
  whole[Symbol.dispose]();
  deadlines.in(1, () => passed.push("early"))[Symbol.dispose]();
  deadlines.in(1, () => {
    passed.push("first");
    second[Symbol.dispose]();
  });
  const second = deadlines.in(1, () => passed.push("second"));
  deadlines.in(10, () => passed.push("last"));
  await until("the last has passed", () => passed.includes("last"));
  expect(passed).toEqual(["first", "last"]);
});

test("one that is added when another passes is waited for too", async () => {
  using deadlines = new Deadlines();
  const passed: string[] = [];
  deadlines.in(1, () => deadlines.in(1, () => passed.push("inner")));
  await until("the inner has passed", () => passed.length === 1);
});
