import type { Coefficients } from "./coefficients.ts";

export type Figure = Coefficients["messageMs"];

/** A figure to three digits, with its source. Never below 0: what is left of one measurement without another may be. */
export function figureOf(value: number, unit: string, source: string): Figure {
  return { value: Number(Math.max(0, value).toPrecision(3)), unit, source };
}
