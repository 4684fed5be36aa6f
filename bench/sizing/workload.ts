import { parseArgs } from "node:util";
import { z } from "zod";

const KIB = 1024;
const UNITS: Readonly<Record<string, number>> = { "": 1, B: 1, KB: KIB, KIB, MB: KIB ** 2, MIB: KIB ** 2 };

const bytes = z
  .string()
  .regex(/^\d+(\.\d+)?\s*([KM]i?)?B?$/i, "must be a size, such as 8KB")
  .transform((text) => Number.parseFloat(text) * (UNITS[text.replace(/^[\d.\s]+/, "").toUpperCase()] ?? 1));
const numeral = (least: number, most: number) => z.coerce.number().min(least).max(most);

/** What a system is to bear. */
export const workloadSchema = z.strictObject({
  /** Calls a second, at the peak. */
  rate: numeral(1, 10_000_000).default(1_000),
  /** Request and answer of a call together, in bytes, as it is recorded. */
  payload: bytes.default(8 * KIB),
  /** The share of calls that are streams, in percent, and the chunks of one. A chunk is about a token. */
  streamed: numeral(0, 100).default(50),
  chunks: numeral(1, 100_000).default(200),
  /** How long a call lasts, in seconds: what its provider takes. */
  seconds: numeral(0.001, 3_600).default(5),
  /** Calls a day, as a share of what they would be if it were always the peak, in percent. */
  average: numeral(0.1, 100).default(30),
  /** How long full traces and mirrors are kept, in days. */
  days: numeral(0, 3_650).default(30),
  /** Attempts a call, fallbacks and retries counted. */
  attempts: numeral(1, 10).default(1),
  /** How busy a process is at the peak, in percent of a core: the rest is for what is uneven, and for copies that are away. */
  busy: numeral(1, 95).default(60),
  store: z.enum(["sqlite", "postgres", "clickhouse"]).default("postgres"),
});

export type Workload = z.output<typeof workloadSchema>;

/** What docs/scaling.md has tables of. */
export function documentedLoads(): readonly Workload[] {
  const rates = [1_000, 10_000, 100_000, 1_000_000];
  return rates.map((rate) => workloadSchema.parse({ rate, store: rate > 10_000 ? "clickhouse" : "postgres" }));
}

/** What may be told, as `make sizing` and the command line have it. */
export const USAGE = `make sizing [RATE=1000] [PAYLOAD=8KB] [STREAMED=50] [CHUNKS=200] [SECONDS=5] [STORE=postgres] …
  RATE      calls a second at the peak
  PAYLOAD   request and answer of a call together
  STREAMED  the share of streams, in percent      CHUNKS  how many chunks (tokens, about) one has
  SECONDS   how long a call lasts                 ATTEMPTS  attempts a call, with fallbacks and retries
  AVERAGE   calls a day, in percent of the peak   DAYS    how long traces are kept
  BUSY      how busy a process may be, in percent of a core
  STORE     sqlite, postgres or clickhouse
  SIMULATE=1  checks the answer by a simulation, event by event`;

/** Reads `--rate 5000 --payload 8KB`. Throws an Error for whoever asked. */
export function workloadOf(args: readonly string[]): Workload {
  const names = Object.keys(workloadSchema.shape);
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ args: [...args], options });
  const given = Object.entries(values).filter(([, value]) => value !== "");
  const read = workloadSchema.safeParse(Object.fromEntries(given));
  if (read.success) return read.data;
  throw new Error(
    read.error.issues.map(({ path, message }) => `${path.join(".").toUpperCase()}: ${message}`).join("\n"),
  );
}
