import { randomInt } from "node:crypto";
import { startFuzzer } from "./fuzz-run.ts";
import { saveCase, savedCasesOf } from "./saved-cases.ts";
import { FUZZ_TARGETS } from "./targets/targets.ts";

// `make fuzz`. SECONDS: for how long, over all targets in turn; SEED: of the first round; TARGET: part of a target's
// name.
const seconds = Number(process.env["SECONDS"] || 60);
const firstSeed = Number(process.env["SEED"] || randomInt(1_000_000_000));
const targets = FUZZ_TARGETS.filter(({ name }) => name.includes(process.env["TARGET"] ?? ""));
const RUNS = 500;
const say = (line: string) => void process.stdout.write(`${line}\n`);

await using fuzzer = startFuzzer();
const endMs = performance.now() + seconds * 1000;
const tried = new Map<string, number>();
const broken = new Set<string>();
say(`fuzz: SEED=${firstSeed} SECONDS=${seconds}, ${targets.length} parsers`);
for (let seed = firstSeed; performance.now() < endMs && broken.size < targets.length; seed += 1) {
  for (const { name } of targets) {
    if (broken.has(name) || performance.now() > endMs) continue;
    const told = await fuzzer.try({
      target: name,
      seed,
      runs: RUNS,
      saved: seed === firstSeed ? savedCasesOf(name) : [],
    });
    if (told.kind === "passed") tried.set(name, (tried.get(name) ?? 0) + told.runs);
    else {
      broken.add(name);
      say(`${name}, SEED=${seed}: ${told.reason}\n  saved: ${saveCase(name, told.input)}`);
    }
  }
}
for (const { name } of targets)
  say(`${String(tried.get(name) ?? 0).padStart(9)}  ${name}${broken.has(name) ? ": BROKEN" : ""}`);
if (broken.size > 0) process.exitCode = 1;
