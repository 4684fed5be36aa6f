import { expect, test } from "vitest";
import { createFairTurns } from "../../../services/trace-writer/store/fair-turns.ts";

test("owners take turns, one piece of work at a time, whoever asked for more before", async () => {
  const turns = createFairTurns();
  const done: string[] = [];
  let atOnce = 0;
  const work = (owner: string, name: string) =>
    turns.take(owner, undefined, async () => {
      atOnce += 1;
      expect(atOnce).toBe(1);
      await new Promise(setImmediate);
      done.push(name);
      atOnce -= 1;
      return name;
    });
  const all = ["a1", "a2", "a3", "a4"].map((name) => work("a", name));
  all.push(work("b", "b1"), work("c", "c1"), work("b", "b2"));
  expect(await Promise.all(all)).toEqual(["a1", "a2", "a3", "a4", "b1", "c1", "b2"]);
  expect(done).toEqual(["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
});

test("what fails is told to who asked for it, and the others go on", async () => {
  const turns = createFairTurns();
  const failing = turns.take("a", undefined, () => Promise.reject(new Error("too much")));
  const well = turns.take("a", undefined, () => Promise.resolve(1));
  await expect(failing).rejects.toThrow("too much");
  expect(await well).toBe(1);
  await turns.idle();
  expect(await turns.take("b", undefined, () => Promise.resolve(2))).toBe(2);
});

test("what nobody waits for any more leaves the line at once, and is never begun", async () => {
  const turns = createFairTurns();
  const { promise: first, resolve: end } = Promise.withResolvers<void>();
  const working = turns.take("a", undefined, () => first);
  const gone = new AbortController();
  const begun: string[] = [];
  const begin = (name: string, signal: AbortSignal | undefined) =>
    turns.take("a", signal, async () => void begun.push(name));
  const given = [begin("one", gone.signal), begin("two", gone.signal)];
  const other = begin("three", undefined);
  gone.abort(new Error("gone"));
  for (const each of given) await expect(each).rejects.toThrow("gone");
  await expect(begin("four", gone.signal)).rejects.toThrow("gone");
  end();
  await Promise.all([working, other]);
  expect(begun).toEqual(["three"]);
});
