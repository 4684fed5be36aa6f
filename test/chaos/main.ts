import { randomInt } from "node:crypto";
import { writeReportSection } from "../../tools/report-section.ts";
import { chaosReportOf, faultsFoundIn } from "./chaos-report.ts";
import { runChaos } from "./run-chaos.ts";

// `make chaos`. SEED: what is asked and what goes wrong; SECONDS: for how long; STORE=postgres: with that store.
const seed = Number(process.env["SEED"] || randomInt(1_000_000));
const seconds = Number(process.env["SECONDS"] || 180);
const store = process.env["STORE"] === "postgres" ? "postgres" : "sqlite";
const again = `SEED=${seed} SECONDS=${seconds} STORE=${store}`;
const say = (line: string) => void process.stdout.write(`${line}\n`);

say(`chaos: ${again}`);
const outcome = await runChaos({ seed, seconds, store, say });
const report = chaosReportOf(outcome, new Date().toISOString().slice(0, 10));
say(report);
const found = faultsFoundIn(outcome);
if (found.length === 0) {
  writeReportSection("docs/reliability.md", `chaos ${store}`, report);
  say("nothing was lost, doubled or halved. Written: docs/reliability.md");
} else {
  say(found.join("\n"));
  say(`something is wrong. The same again: make chaos ${again}`);
  process.exitCode = 1;
}
