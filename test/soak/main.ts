import { randomInt } from "node:crypto";
import { writeReportSection } from "../../tools/report-section.ts";
import { runSoak } from "./run-soak.ts";
import { growthFoundIn, soakReportOf } from "./soak-report.ts";

// `make soak`. SECONDS: for how long; SEED: what is asked.
const seconds = Number(process.env["SECONDS"] || 600);
const seed = Number(process.env["SEED"] || randomInt(1_000_000));
const say = (line: string) => void process.stdout.write(`${line}\n`);

say(`soak: SEED=${seed} SECONDS=${seconds}`);
const outcome = await runSoak({ seed, seconds, say });
const report = soakReportOf(outcome, new Date().toISOString().slice(0, 10));
say(report);
const found = growthFoundIn(outcome);
if (found.length === 0) {
  writeReportSection("docs/reliability.md", "soak", report);
  say("everything is flat. Written: docs/reliability.md");
} else {
  say(found.join("\n"));
  process.exitCode = 1;
}
