import { RETENTION_BOUNDS } from "#lib/traces/retention-bounds.ts";
import type { RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";

/** A limit as a person writes it: a number, in a unit. An empty number is no limit. */
export interface LimitField {
  readonly number: string;
  readonly unit: string;
}

/** The fields of an experiment's own limits. */
export interface LimitFields {
  readonly age: LimitField;
  readonly traces: LimitField;
  readonly bytes: LimitField;
}

export type LimitName = keyof LimitFields;

/** What fields come to: limits, or what is wrong with which of them. */
export type FieldsRead = { readonly limits: RetentionLimits } | { readonly wrong: LimitName; readonly words: string };

/** The units of each limit, with how many days, traces or bytes they are: the smallest first. */
export const LIMIT_UNITS: Readonly<Record<LimitName, Readonly<Record<string, number>>>> = {
  age: { hours: 1 / 24, days: 1 },
  traces: { traces: 1 },
  bytes: { MB: 1e6, GB: 1e9, TB: 1e12 },
};

const { ageDays, traces, bytes } = RETENTION_BOUNDS;
const BOUNDS = { age: { min: 0, max: ageDays.max }, traces, bytes };

/** Limits as fields, each in the largest unit that it is one of at least. */
export function fieldsOf({ ageDaysMax, tracesMax, bytesMax }: RetentionLimits): LimitFields {
  return {
    age: fieldOf("age", ageDaysMax, "days"),
    traces: fieldOf("traces", Number(tracesMax), "traces"),
    bytes: fieldOf("bytes", Number(bytesMax), "GB"),
  };
}

/** The limits that fields are, or the first that is none. */
export function limitsOf(fields: LimitFields): FieldsRead {
  const age = numberIn(fields, "age");
  if (typeof age === "string") return { wrong: "age", words: age };
  const count = numberIn(fields, "traces");
  if (typeof count === "string") return { wrong: "traces", words: count };
  const size = numberIn(fields, "bytes");
  if (typeof size === "string") return { wrong: "bytes", words: size };
  return { limits: { ageDaysMax: age, tracesMax: BigInt(Math.round(count)), bytesMax: BigInt(Math.round(size)) } };
}

function fieldOf(name: LimitName, value: number, usual: string): LimitField {
  if (value === 0) return { number: "", unit: usual };
  const units = Object.entries(LIMIT_UNITS[name]);
  const [unit, size] = units.findLast(([, unitSize]) => value >= unitSize) ?? units[0] ?? [usual, 1];
  // Rounded, so that a third of a day is 8 hours: still as exact as anybody means it.
  return { number: `${Number((value / size).toPrecision(12))}`, unit };
}

function numberIn(fields: LimitFields, name: LimitName): number | string {
  const { number, unit } = fields[name];
  if (number.trim() === "") return 0;
  const value = Number(number) * (LIMIT_UNITS[name][unit] ?? Number.NaN);
  const { min, max } = BOUNDS[name];
  if (value > 0 && value >= min && value <= max) return value;
  return name === "age"
    ? `Write more than 0 and at most ${max.toLocaleString("en")} days, or nothing: any age.`
    : `Write from ${min.toLocaleString("en")} to ${max.toLocaleString("en")} ${name}, or nothing: any number.`;
}
