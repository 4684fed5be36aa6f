import fc from "fast-check";
import { expect, test } from "vitest";
import { type AccessLogOptions, createAccessLog } from "#lib/access-log.ts";
import { createLogger, type LogLevel } from "#lib/logger.ts";

/** An access log whose clock the test turns, and what it wrote. */
function accessLogOf(options: AccessLogOptions, level: LogLevel = "info") {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const log = createLogger("gateway", level, { write: (line) => void lines.push(line) });
  const access = createAccessLog(log, options, () => clock.ms);
  const tell = (id: string, isFailed = false) => access({ id, isFailed, facts: () => ({ id }) });
  return { tell, clock, said: () => lines.map((line) => JSON.parse(line)) };
}

const told = ({ said }: ReturnType<typeof accessLogOf>) => said().map(({ id }) => id);

test("calls that failed are told always, as warnings; of the others none with a ratio of 0, and all with 1", () => {
  const none = accessLogOf({ ratio: 0, linesPerSecondMax: 100 });
  const all = accessLogOf({ ratio: 1, linesPerSecondMax: 100 });
  for (const { tell } of [none, all]) {
    tell("good");
    tell("bad", true);
  }
  expect(none.said()).toMatchObject([{ level: 40, id: "bad" }]);
  expect(all.said()).toMatchObject([
    { level: 30, id: "good" },
    { level: 40, id: "bad" },
  ]);
});

test("two services choose the same calls, and about the share that is asked for", () => {
  const ids = fc.sample(fc.uuid(), { numRuns: 4000, seed: 7 });
  const [one, other] = [0, 1].map(() => accessLogOf({ ratio: 0.25, linesPerSecondMax: 10_000 }));
  for (const id of ids) {
    one?.tell(id);
    other?.tell(id);
  }
  const chosen = one === undefined ? [] : told(one);
  expect(chosen.length / ids.length).toBeGreaterThan(0.2);
  expect(chosen.length / ids.length).toBeLessThan(0.3);
  expect(other === undefined ? [] : told(other)).toEqual(chosen);
});

test("what is beyond the bound of a second is counted, and told with the next line", () => {
  const log = accessLogOf({ ratio: 0, linesPerSecondMax: 2 });
  for (const id of ["a", "b", "c", "d", "e"]) log.tell(id, true);
  log.clock.ms = 1000;
  log.tell("f", true);
  log.tell("g", true);
  expect(log.said().map(({ id, unsaid }) => [id, unsaid])).toEqual([
    ["a", undefined],
    ["b", undefined],
    ["f", 3],
    ["g", undefined],
  ]);
});

test("at level debug every call is told", () => {
  const log = accessLogOf({ ratio: 0, linesPerSecondMax: 1 }, "debug");
  for (const id of ["a", "b", "c"]) log.tell(id, id !== "a");
  expect(told(log)).toEqual(["a", "b", "c"]);
});
