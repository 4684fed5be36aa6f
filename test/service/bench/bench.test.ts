import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";

const run = promisify(execFile);
/** It starts five programs, which takes a while beside other tests. */
const RUN_MS = 120_000;
const record = z.object({
  run: z.object({ ledger: z.array(z.object({ target: z.string(), calls: z.number(), stored: z.number() })) }),
  cells: z.array(
    z.object({ mode: z.string(), target: z.string(), calls: z.number(), errors: z.record(z.string(), z.number()) }),
  ),
});

test(
  "a run of a moment asks the bare chain and twinspan, whole and streaming, and finds a trace for every call",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "twinspan-bench-test-"));
    try {
      const out = join(directory, "run.json");
      const args = ["--only", "plain-64,stream-64", "--targets", "U,on-exchange", "--rounds", "1", "--seconds", "0.2"];
      // Most of a start is compiling: what other tests have compiled is taken as it is.
      const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "twinspan-compile-cache") };
      const { stdout } = await run(process.execPath, ["bench/main.ts", ...args, "--out", out], { env });
      expect(stdout).toContain("| 64 connections: requests/s | ≥ 2 × U |");
      const { cells, run: told } = record.parse(JSON.parse(readFileSync(out, "utf8")));
      expect(cells.map(({ mode, target }) => `${mode} ${target}`)).toEqual(
        ["plain-64", "stream-64"].flatMap((mode) => [`${mode} U`, `${mode} on-exchange`]),
      );
      expect(cells.every(({ calls, errors }) => calls >= 64 && Object.keys(errors).length === 0)).toBe(true);
      expect(told.ledger.map(({ target, calls, stored }) => [target, stored - calls])).toEqual([["on-exchange", 0]]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
  RUN_MS,
);
