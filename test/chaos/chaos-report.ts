import { cpus } from "node:os";
import { WRONGS, type Wrong } from "./findings.ts";
import type { ChaosOutcome } from "./run-chaos.ts";

/** Everything that must be nothing in a run, in words. Empty: nothing is wrong. */
export function faultsFoundIn({ audit, witness, rest, struck }: ChaosOutcome): readonly string[] {
  const { counts, examples } = audit.findings;
  const found = Object.values(counts).some((count) => count > 0) ? examples : [];
  return [
    ...found,
    ...(witness.halves === 0 ? [] : [`a reader saw ${witness.halves} halves of records without the other`]),
    ...(rest.notes + rest.records === 0 ? [] : [`the outbox has a rest: ${rest.notes} notes, ${rest.records} records`]),
    ...(audit.wellStored > 0 ? [] : ["no call went well: nothing is shown by this run"]),
    ...(struck.size > 0 ? [] : ["nothing went wrong: nothing is shown by this run"]),
  ];
}

/** The part of docs/reliability.md that tells of a run, as tables. `date` is of the form 2026-01-31. */
export function chaosReportOf(
  { seed, seconds, store, struck, audit, witness, rest }: ChaosOutcome,
  date: string,
): string {
  const row = (...cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const wrongRows = wrongsOf(audit.findings.counts).map(([wrong, count]) => row(`*${wrong}*: ${WRONGS[wrong]}`, count));
  const byWhom = Map.groupBy(struck, ([{ whom }]) => whom);
  const struckRows = Array.from(byWhom, ([whom, times]) =>
    row(whom, times.map(([{ what }, count]) => `${what} × ${count}`).join("; ")),
  );
  return `\`make chaos SEED=${seed} SECONDS=${seconds} STORE=${store}\`, ${date}, ${cpus().length} processors, Node ${process.versions.node}.

| what callers saw, and what is stored | |
| --- | --- |
${row("calls that were made", audit.calls)}
${row("calls that got their terminal event", audit.well)}
${row("of those stored", audit.wellStored)}
${row("full traces stored, of whatever calls", audit.stored)}
${row("mirrors stored", audit.mirrors)}
${row("calls in flight when a gateway died, stored as `interrupted`", audit.interrupted)}
${row("records shed for a full disk, each counted", audit.shed)}
${row("agents' own spans that were acknowledged", audit.agentSpans)}
${row("looks at a record's two halves while all this went on", witness.looks)}

| what must be nothing | |
| --- | --- |
${wrongRows.join("\n")}
${row("halves of records that a reader saw without the other", witness.halves)}
${row("notes and records left in the outbox in the end", rest.notes + rest.records)}

| who was struck | by what, how often |
| --- | --- |
${struckRows.join("\n")}
`;
}

function wrongsOf(counts: Readonly<Record<Wrong, number>>): readonly (readonly [Wrong, number])[] {
  const rows: (readonly [Wrong, number])[] = [];
  for (const wrong in counts) if (isWrong(wrong)) rows.push([wrong, counts[wrong]]);
  return rows;
}

function isWrong(word: string): word is Wrong {
  return word in WRONGS;
}
