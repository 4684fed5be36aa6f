import { readFileSync } from "node:fs";
import { z } from "zod";

/** What is needed of the report that Vitest's JSON reporter writes. */
const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

// `node test-summary.ts <report.json> <status of the run>`: the last line is `N passed, N failed`.
const [file = "", status = "1"] = process.argv.slice(2);
const { passed, failed, reason } = summaryOf(readReport(file), Number(status));
if (reason !== undefined) process.stderr.write(`${reason}\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && reason === undefined ? 0 : 1;

/** Counts, and says why a run without a failed test is a failure all the same. */
function summaryOf(report: z.output<typeof reportSchema> | undefined, runStatus: number) {
  if (report === undefined) return { passed: 0, failed: 1, reason: "the test run crashed: it left no report" };
  // A file that cannot be imported has no tests to fail; it counts as one.
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + broken.length;
  if (passed + failed === 0) return { passed, failed: 1, reason: "no test ran" };
  if (failed === 0 && runStatus !== 0)
    return { passed, failed: 1, reason: `the test run ended with status ${runStatus}` };
  return { passed, failed, reason: undefined };
}

function readReport(path: string): z.output<typeof reportSchema> | undefined {
  try {
    return reportSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
