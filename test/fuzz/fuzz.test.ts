import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fuzzer, startFuzzer } from "./fuzz-run.ts";
import { savedCasesOf } from "./saved-cases.ts";
import { FUZZ_TARGETS } from "./targets/targets.ts";

/** Fixed, so that a failure is the code's; `make fuzz` draws new ones for as long as it is told. */
const SEED = 20_261;
const RUNS = 150;

let fuzzer: Fuzzer;
beforeAll(() => {
  fuzzer = startFuzzer();
});
afterAll(() => fuzzer[Symbol.asyncDispose]());

test.each(FUZZ_TARGETS)(
  "$name: whatever comes is read or refused, in time, and no error quotes it",
  async ({ name }) => {
    const told = await fuzzer.try({ target: name, seed: SEED, runs: RUNS, saved: savedCasesOf(name) });
    expect(told).toEqual({ kind: "passed", runs: RUNS });
  },
);
