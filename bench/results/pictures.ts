import type { ModeName } from "../modes.ts";
import type { Figures } from "./figures.ts";
import { type Bar, PART_KINDS, type Panel, type PartKind, plotOf } from "./plot.ts";

/** The picture of a run: throughput in three modes, and processor time by process in one, with lines where the goals are. */
export function pictureOf(figures: Figures): string {
  const rate = (mode: ModeName, title: string, goal: number): Panel => ({
    title,
    legend: [],
    bars: comparable(figures, mode).map((target) => ({
      label: target,
      parts: [{ value: figures.of(mode, target, "perSecond").median, kind: kindOf(target) }],
    })),
    mark: markAt(figures.of(mode, "U", "perSecond").median, goal),
    digits: 0,
  });
  const cpu: Panel = {
    title: "CPU ms for each",
    legend: ["ingress", "gateway", "trace-writer", "store"],
    bars: comparable(figures, "plain-64").map((target) => cpuBarOf(figures, target)),
    mark: markAt(figures.of("plain-64", "U", "cpuMs").median, 0.6),
    digits: 3,
  };
  const panels = [
    rate("plain-64", "small requests/s, 64 connections", 2),
    cpu,
    rate("large-64", "100 KB requests/s, 64 connections", 3),
    rate("burst-64", "streams/s of 100 chunks at once, 64 at once", 2),
  ];
  return plotOf(
    panels.filter(({ bars }) => bars.length > 0),
    longestOf,
  );
}

function markAt(ofU: number, goal: number): Panel["mark"] {
  return Number.isNaN(ofU) ? undefined : { value: goal * ofU, words: `goal: ${goal} × U` };
}

/** All but what is another order of magnitude: those are in the tables. */
function comparable(figures: Figures, mode: ModeName): readonly string[] {
  return figures.targetsOf(mode).filter((target) => target !== "D" && target !== "nginx");
}

/** The longest bar that is drawn whole: the goal and twinspan are, what is more than twice both is not. */
function longestOf({ bars, mark }: Panel): number {
  const totalOf = ({ parts }: Bar) => parts.reduce((sum, { value }) => sum + value, 0);
  const ours = bars.filter(({ parts }) => parts.some(({ kind }) => kind !== "compared")).map(totalOf);
  const least = Math.max(1e-9, ...ours, (mark?.value ?? 0) * 1.15);
  return Math.max(least, ...bars.map(totalOf).filter((total) => total < 2 * least));
}

function kindOf(target: string): PartKind {
  if (target.startsWith("on-")) return "on";
  return target.startsWith("off-") ? "off" : "compared";
}

function cpuBarOf(figures: Figures, target: string): Bar {
  const parts = [...figures.cpuMsByProcess("plain-64", target)].map(([process, { median }]) => ({
    value: median,
    kind: partOf(target, process),
  }));
  return { label: target, parts };
}

/** Twinspan's processes have colours of their own; whatever else takes time for it is the store's server. */
function partOf(target: string, process: string): PartKind {
  if (kindOf(target) === "compared") return "compared";
  return PART_KINDS.find((kind) => kind === process) ?? "store";
}
