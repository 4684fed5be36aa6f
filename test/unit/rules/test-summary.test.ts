import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

/** What `.ci/run` ends with for a report and the status of the run. Undefined: there is no report. */
function summaryOf(report: unknown, runStatus: number) {
  const directory = mkdtempSync(join(tmpdir(), "twinspan-summary-"));
  const file = join(directory, "tests.json");
  if (report !== undefined) writeFileSync(file, typeof report === "string" ? report : JSON.stringify(report));
  const args = ["scripts/test-summary.ts", file, String(runStatus)];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  rmSync(directory, { recursive: true });
  return { last: stdout.trimEnd().split("\n").at(-1), status };
}

const file = (status: string, tests: number) => ({ status, assertionResults: Array(tests).fill({}) });
const report = (numPassedTests: number, numFailedTests: number, testResults: readonly unknown[] = []) => ({
  numPassedTests,
  numFailedTests,
  testResults,
});

test("a run is good only when tests ran and none failed", () => {
  expect(summaryOf(report(7, 0, [file("passed", 7)]), 0)).toEqual({ last: "7 passed, 0 failed", status: 0 });
  expect(summaryOf(report(6, 1, [file("failed", 7)]), 1)).toEqual({ last: "6 passed, 1 failed", status: 1 });
});

test("no tests, a crash, a report that is broken, a file that cannot be imported: all are failures", () => {
  expect(summaryOf(report(0, 0), 0)).toEqual({ last: "0 passed, 1 failed", status: 1 });
  expect(summaryOf(undefined, 1)).toEqual({ last: "0 passed, 1 failed", status: 1 });
  expect(summaryOf("{", 0)).toEqual({ last: "0 passed, 1 failed", status: 1 });
  expect(summaryOf(report(7, 0, [file("failed", 0)]), 1)).toEqual({ last: "7 passed, 1 failed", status: 1 });
  expect(summaryOf(report(7, 0), 137)).toEqual({ last: "7 passed, 1 failed", status: 1 });
});
