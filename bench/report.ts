import { cpus, totalmem } from "node:os";
import type { Mode, Round } from "./rounds.ts";

/** The services, in the order a request passes them. */
const SERVICES = ["ingress", "gateway", "trace-writer"] as const;

/** The medians of one mode, by target. */
export interface ModeFigures {
  readonly mode: Mode;
  readonly direct: Round;
  readonly untraced: Round;
  readonly traced: Round;
}

/** `docs/performance.md`: the figures of one run, and what they mean. */
export function reportOf(figures: readonly ModeFigures[], seconds: number, rounds: number, date: string): string {
  return `# Performance

Written by \`make bench\`. All figures are of one run on one machine, so the ratios hold and the absolutes do not: the load
generator, the scripted provider and the three services share its processors.

- Machine: ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.versions.node}
- Date: ${date}
- Method: ${rounds} rounds of ${seconds} s each, targets in turn, medians; ten words in, ten words out; closed loop.
- *direct*: the load generator to the scripted provider. *off*: through twinspan, the endpoint's tracing off.
  *on*: through twinspan, each call with a sampled trace context, so that a full trace and a mirror are written.
- Processor time includes all threads, the outbox's and the store's among them, and the work after the answer.

## Requests per second, and what a call costs

| mode | at once | direct /s | off /s | on /s | on ÷ off | added p50 ms (off → on) | added p99 ms (off → on) | errors |
|---|---|---|---|---|---|---|---|---|
${figures.map(throughputRow).join("\n")}

## Processor time for a request, ms

| mode | at once | ingress (off → on) | gateway (off → on) | trace-writer (off → on) | all (off → on) | price of the twin traces |
|---|---|---|---|---|---|---|
${figures.map(cpuRow).join("\n")}

The price of the twin traces is what *on* takes more than *off*, as a share of *off*.

## Time to the first byte of a stream, p50 ms

| at once | direct | off | on |
|---|---|---|---|
${figures
  .filter(({ mode }) => mode.name === "stream")
  .map(({ mode, direct, untraced, traced }) => {
    const cells = [direct, untraced, traced].map((round) => round.firstByteP50Ms.toFixed(2));
    return `| ${mode.concurrency} | ${cells.join(" | ")} |`;
  })
  .join("\n")}
`;
}

function throughputRow({ mode, direct, untraced, traced }: ModeFigures): string {
  const rates = [direct, untraced, traced].map(({ requestsPerSecond }) => requestsPerSecond.toFixed(0));
  const ratio = (traced.requestsPerSecond / untraced.requestsPerSecond).toFixed(2);
  const added = (figure: (round: Round) => number) =>
    `${(figure(untraced) - figure(direct)).toFixed(2)} → ${(figure(traced) - figure(direct)).toFixed(2)}`;
  const errors = direct.errors + untraced.errors + traced.errors;
  const cells = [
    mode.name,
    mode.concurrency,
    ...rates,
    ratio,
    added(({ p50Ms }) => p50Ms),
    added(({ p99Ms }) => p99Ms),
    errors,
  ];
  return `| ${cells.join(" | ")} |`;
}

function cpuRow({ mode, untraced, traced }: ModeFigures): string {
  const of = (round: Round, name: string) => round.cpuMsPerRequest.get(name) ?? 0;
  const all = (round: Round) => SERVICES.reduce((sum, name) => sum + of(round, name), 0);
  const services = SERVICES.map((name) => `${of(untraced, name).toFixed(2)} → ${of(traced, name).toFixed(2)}`);
  const price = `${((all(traced) / all(untraced) - 1) * 100).toFixed(0)} %`;
  return `| ${[mode.name, mode.concurrency, ...services, `${all(untraced).toFixed(2)} → ${all(traced).toFixed(2)}`, price].join(" | ")} |`;
}
