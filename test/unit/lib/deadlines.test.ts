import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { Deadlines } from "#lib/deadlines.ts";
import { until } from "../../../tools/until.ts";

/** A process in which the first of two deadlines throws. */
const THROWING = `
import { Deadlines } from "#lib/deadlines.ts";

process.on("uncaughtException", ({ message }) => console.log(message));
const alive = setTimeout(() => {}, 2_000);
const deadlines = new Deadlines();
deadlines.in(1, () => {
  throw new Error("uncaught");
});
deadlines.in(1, () => {
  console.log("second");
  clearTimeout(alive);
});
`;

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

test("one that throws keeps no other from passing, and what it threw is an exception that nobody caught", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", THROWING]);
  expect(stdout.trim().split("\n")).toEqual(["uncaught", "second"]);
});

test("what was disposed of takes no further deadline", async () => {
  const passed: string[] = [];
  const disposed = new Deadlines();
  disposed.in(60_000, () => passed.push("of before"));
  disposed[Symbol.dispose]();
  disposed.in(0, () => passed.push("of after"))[Symbol.dispose]();
  disposed.in(0, () => passed.push("of after"));
  using others = new Deadlines();
  others.in(20, () => passed.push("of others"));
  await until("that of others has passed", () => passed.length > 0);
  expect(passed).toEqual(["of others"]);
});
