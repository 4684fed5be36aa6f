import { growthOf } from "./growth.ts";
import { SERVICES, type Service, type SoakOutcome } from "./run-soak.ts";
import type { Sample } from "./sample.ts";

/** A figure that must not grow: by how much of its mean, or how much at all, it may seem to over a run, for want of quiet. */
interface Watched {
  readonly figure: keyof Sample;
  readonly name: string;
  readonly shareMax: number;
  readonly growthMax: number;
  write(value: number): string;
}

const mebibytes = (value: number) => `${(value / 1024 / 1024).toFixed(1)} MiB`;
const count = (value: number) => value.toFixed(0);
const WATCHED: readonly Watched[] = [
  {
    figure: "heapBytes",
    name: "heaps after garbage was collected",
    shareMax: 0.05,
    growthMax: 2 * 1024 * 1024,
    write: mebibytes,
  },
  { figure: "rssBytes", name: "resident memory", shareMax: 0.15, growthMax: 16 * 1024 * 1024, write: mebibytes },
  { figure: "descriptors", name: "file descriptors", shareMax: 0.1, growthMax: 4, write: count },
  { figure: "handles", name: "handles and requests", shareMax: 0.1, growthMax: 8, write: count },
  { figure: "series", name: "time series", shareMax: 0.05, growthMax: 20, write: count },
  { figure: "waiting", name: "waiting in queues", shareMax: 0, growthMax: 500_000, write: count },
];

/** What grows in a run that should not, in words. Empty: everything is flat. */
export function growthFoundIn({ samples }: SoakOutcome): readonly string[] {
  return SERVICES.flatMap((service) =>
    WATCHED.filter((watched) => grows(watched, figuresOf(samples[service], watched))).map(
      ({ name }) => `${service}: ${name} grows`,
    ),
  );
}

/** The part of docs/reliability.md that tells of a soak. `date` is of the form 2026-01-31. */
export function soakReportOf({ seconds, calls, samples }: SoakOutcome, date: string): string {
  const rows = SERVICES.flatMap((service) => WATCHED.map((watched) => rowOf(service, watched, samples[service])));
  return `\`make soak SECONDS=${seconds}\`, ${date}, Node ${process.versions.node}: ${calls} calls, ${samples.gateway.length} samples after warming up.

| service | what it holds | at first | at last | grows by | all along |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function rowOf(service: Service, watched: Watched, samples: readonly Sample[]): string {
  const figures = figuresOf(samples, watched);
  const { write } = watched;
  const growth = growthOf(figures);
  const cells = [
    service,
    watched.name,
    write(figures.at(0) ?? 0),
    write(figures.at(-1) ?? 0),
    write(growth),
    lineOf(figures),
  ];
  return `| ${cells.join(" | ")} |`;
}

function figuresOf(samples: readonly Sample[], { figure }: Watched): readonly number[] {
  return samples.map((sample) => sample[figure]);
}

function grows({ shareMax, growthMax }: Watched, figures: readonly number[]): boolean {
  const mean = figures.reduce((sum, figure) => sum + figure, 0) / Math.max(1, figures.length);
  return growthOf(figures) > Math.max(growthMax, mean * shareMax);
}

const BARS = "▁▂▃▄▅▆▇█";
const COLUMNS = 30;

/** Figures as bars from nothing to the largest of them. */
function lineOf(figures: readonly number[]): string {
  const most = Math.max(...figures, 1);
  const columns = Math.min(COLUMNS, figures.length);
  return Array.from({ length: columns }, (_, column) => {
    const figure = figures[Math.floor((column * figures.length) / columns)] ?? 0;
    return BARS[Math.min(BARS.length - 1, Math.floor((figure / most) * BARS.length))];
  }).join("");
}
