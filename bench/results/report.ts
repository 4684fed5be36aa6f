import { modeOf } from "../modes.ts";
import { TARGET_WORDS } from "../targets/target.ts";
import { Figures } from "./figures.ts";
import { goalsOf } from "./goals.ts";
import type { RunRecord } from "./record.ts";
import { goalsTable, ledgerTable, modeTable, ownCostTable, table } from "./tables.ts";

/** `docs/performance.md`: the figures of one run against the goals, and how they were come by. */
export function reportOf(run: RunRecord): string {
  const figures = new Figures(run.cells);
  return `# Performance

Written by \`make bench\`. All figures are of one run on one machine, so the ratios hold and the absolutes do not: what
measures, the provider and everything that is measured share its processors.

- Machine: ${run.machine}
- Date: ${run.date}, at ${run.commit}
- Method: ${run.rounds} rounds; in each every target is asked in every mode for ${run.seconds} s, in turn, every other
  round in the opposite order; medians of the rounds. Before the first round everything is warmed up.
- Raw figures, a line for each round, mode and target: [performance/run.json](performance/run.json)

![Requests a second and processor time, side by side](performance/run.svg)

## Against the goals

The goals are for twinspan with keys, full traces, mirrors, outbox and SQLite, *on-exchange* below, against the others
in the same run. Ratios and differences are taken within each round. That memory stays flat is what \`make soak\` checks
([reliability](reliability.md)).

${goalsTable(goalsOf(figures, run.ledger))}
## What is compared

${table(["", "what"], [...Object.entries(TARGET_WORDS)])}${missingText(run)}
All of twinspan's targets have keys, so that *on* and *off* differ by the twin traces alone: *off* is an endpoint with
tracing off, *on* one with it on and a sampled trace context of its own in every request, so that each call leaves a
full trace and a mirror. Processor time is of all threads and children of a process, the outbox's and the store's among
them, and includes what is done after the answer: a round is over when the outbox is empty. The provider's time is in no
figure but D's.

${figures.modes.map((mode) => `## ${mode}: ${modeOf(mode).words}\n\n${modeTable(figures, mode)}`).join("\n")}
*plain-open* is an open loop of ${run.perSecond} requests/s: a request's time begins when it is due, whether or not a
connection is free, so what a target keeps waiting is in its figures (no coordinated omission). In it requests are sent
each millisecond, which is in D's figures too. In the others each connection asks again once it has its answer; those of
*stream-64* begin one after another, since streams that begin together would go on together, each chunk with those of
all others.

## Nothing lost

All calls with tracing on, warm-up included, against what the stores say they have, after the outbox is empty.

${ledgerTable(run.ledger)}
## What measuring costs

The load generator and the provider are raw sockets with bytes that are ready (\`bench/load/\`, \`bench/chains/\`): they
look for no more than where a message ends. Their processor time for a request while P is measured, beside P's and U's
own, in milliseconds:

${ownCostTable(figures)}`;
}

function missingText({ missing }: RunRecord): string {
  const lines = Object.entries(missing).map(([target, reason]) => `- *${target}* is left out: ${reason}\n`);
  return lines.length === 0 ? "" : `\n${lines.join("")}`;
}
