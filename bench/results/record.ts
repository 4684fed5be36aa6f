import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import type { Measured } from "../run.ts";

/** A run with all that must be known to read it: what is written down. */
export interface RunRecord extends Measured {
  readonly date: string;
  readonly machine: string;
  /** The commit that was measured, or what stands for it. */
  readonly commit: string;
  readonly seconds: number;
  readonly perSecond: number;
  /** Which targets were left out, and why. */
  readonly missing: Readonly<Record<string, string>>;
}

/** The machine that this runs on, in a few words. */
export function machineText(): string {
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, ${memory} GiB, Node ${process.versions.node}`;
}

/** The commit of the present tree. */
export function commitText(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  } catch {
    // A tree without its history is measured as well.
    return "an unknown commit";
  }
}

/** The record as JSON, a line for each cell. */
export function recordText({ cells, ...run }: RunRecord): string {
  const round = (_key: string, value: unknown) => (typeof value === "number" ? Math.round(value * 1e4) / 1e4 : value);
  const lines = cells.map((cell) => `    ${JSON.stringify(cell, round)}`);
  return `{\n  "run": ${JSON.stringify(run, round)},\n  "cells": [\n${lines.join(",\n")}\n  ]\n}\n`;
}
