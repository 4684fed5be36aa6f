import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Takes and drops 2 GB of buffers, of which 20 MB live at any time; says how often garbage was looked for in the whole heap. */
const PROGRAM = `
import { constants, PerformanceObserver } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { letHeapGrow } from "#lib/heap-growth.ts";

letHeapGrow();
let collections = 0;
const count = (list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections += 1;
};
const observer = new PerformanceObserver(count);
observer.observe({ entryTypes: ["gc"] });
const held = [];
for (let taken = 0; taken < 20_000; taken += 1) {
  held[taken % 200] = Buffer.allocUnsafeSlow(100_000);
  if (taken % 100 === 0) await nextTurn();
}
count({ getEntries: () => observer.takeRecords() });
console.log(collections);
`;

test("two gigabytes of buffers that live shortly have the whole heap looked through a few times, not every 64 MiB", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", PROGRAM]);
  // 26 without what is tested here.
  expect(Number(stdout)).toBeLessThan(8);
});
