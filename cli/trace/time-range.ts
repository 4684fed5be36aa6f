import { InvalidArgumentError } from "commander";

const UNITS: Readonly<Record<string, bigint>> = {
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

/** A duration in nanoseconds: a whole number above 0 and `s`, `m`, `h` or `d`. An InvalidArgumentError where it is none. */
export function parseDuration(text: string): bigint {
  const [, count = "0", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const nanos = BigInt(count) * (UNITS[unit] ?? 0n);
  if (nanos > 0n) return nanos;
  throw new InvalidArgumentError("It must be a whole number and s, m, h or d: 90m, 24h, 30d.");
}

/** A moment in nanoseconds since the Unix epoch, as ISO 8601 writes it. An InvalidArgumentError where it is none. */
export function parseMoment(text: string): bigint {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms) && ms >= 0) return BigInt(ms) * 1_000_000n;
  throw new InvalidArgumentError("It must be a date, or a date and a time: 2026-11-24, 2026-11-24T09:00:00Z.");
}
