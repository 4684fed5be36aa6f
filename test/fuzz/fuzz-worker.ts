import { parentPort, workerData } from "node:worker_threads";
import fc from "fast-check";
import type { Asked, Told } from "./fuzz-run.ts";
import { FUZZ_TARGETS } from "./targets/targets.ts";

const current = new Uint8Array(workerData.current);
const length = new Uint32Array(workerData.length);

/** Leaves the input where whoever watches finds it when this thread hangs or dies over it. */
function note(input: Buffer): void {
  length[0] = Math.min(input.length, current.length);
  current.set(input.subarray(0, current.length));
}

async function run({ target: name, seed, runs, saved }: Asked): Promise<Told> {
  const target = FUZZ_TARGETS.find((candidate) => candidate.name === name);
  if (target === undefined) throw new RangeError(`there is no target ${name}`);
  const property = fc.asyncProperty(target.inputs, async (input) => {
    note(input);
    await target.check(input);
  });
  for (const bytes of saved) {
    note(Buffer.from(bytes));
    try {
      await target.check(Buffer.from(bytes));
    } catch (error) {
      return { kind: "failed", input: bytes, reason: String(error) };
    }
  }
  const { failed, counterexample, errorInstance, numRuns } = await fc.check(property, { seed, numRuns: runs });
  if (!failed) return { kind: "passed", runs: numRuns };
  return { kind: "failed", input: counterexample?.[0] ?? Buffer.alloc(0), reason: String(errorInstance) };
}

parentPort?.on("message", async (asked: Asked) => parentPort?.postMessage(await run(asked)));
