import { parseArgs } from "node:util";
import { namesOf, numberOf } from "./arguments.ts";
import { MODE_NAMES, type ModeName } from "./modes.ts";
import { TARGET_NAMES, type TargetName } from "./targets/target.ts";

/** What a run measures, and for how long. */
export interface Options {
  /** Which target is asked in which mode, mode by mode. */
  readonly cells: readonly { readonly mode: ModeName; readonly target: TargetName }[];
  /** How many rounds there are at the most. Each has every target in every mode once. */
  readonly rounds: number;
  /** How long a target is loaded in a mode in a round. */
  readonly seconds: number;
  /** How long the whole may take: no round begins that would not end by then. One is always made. */
  readonly minutes: number;
  /** The rate of modes that have a fixed one, in requests a second. */
  readonly perSecond: number;
  /** Where the raw figures go. Undefined: nowhere, or with the documents. */
  readonly out: string | undefined;
  /** Whether the documents are written: everything was asked for, and for no other file. */
  readonly isPublished: boolean;
}

/** What differs from `on-exchange` by its store alone: quick runs leave it out, and others ask it in one mode. */
const OTHER_STORES: ReadonlySet<TargetName> = new Set(["on-postgres", "on-clickhouse"]);
const MODE_OF_OTHER_STORES: ModeName = "plain-64";

/** How to call it. */
export const USAGE = `node bench/main.ts [options]
  --only MODE,…      of ${MODE_NAMES.join(", ")}
  --targets TARGET,… of ${TARGET_NAMES.join(", ")}
  --rounds N         5: of these the medians are told
  --seconds N        1.2: for each target in each mode and round
  --minutes N        9: no round begins that would end later than so long after the start
  --rate N           1000: requests a second where the rate is fixed
  --quick            one round of half a second each, on services that are hardly warm; no PostgreSQL and no ClickHouse
                     (those are asked in ${MODE_OF_OTHER_STORES} only, but where --only names modes)
  --out FILE         where the raw figures go
Without --only, --targets, --quick and --out it writes docs/performance.md and what is in docs/performance/.`;

const ROUNDS_MAX = 100;
const SECONDS_MAX = 600;
const MINUTES_MAX = 600;
const RATE_MAX = 100_000;

/** Reads the arguments. Throws an Error with one sentence when one of them is wrong. */
export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      targets: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      minutes: { type: "string", default: "9" },
      rate: { type: "string", default: "1000" },
      quick: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const { only, quick } = values;
  const everyTarget = TARGET_NAMES.filter((name) => !quick || !OTHER_STORES.has(name));
  const modes = namesOf("--only", only, MODE_NAMES, MODE_NAMES);
  const targets = namesOf("--targets", values.targets, TARGET_NAMES, everyTarget);
  const isAsked = (mode: ModeName, target: TargetName) =>
    only !== undefined || !OTHER_STORES.has(target) || mode === MODE_OF_OTHER_STORES;
  return {
    cells: modes.flatMap((mode) =>
      targets.filter((target) => isAsked(mode, target)).map((target) => ({ mode, target })),
    ),
    rounds: Math.ceil(numberOf("--rounds", values.rounds ?? (quick ? "1" : "5"), ROUNDS_MAX)),
    seconds: numberOf("--seconds", values.seconds ?? (quick ? "0.5" : "1.2"), SECONDS_MAX),
    minutes: numberOf("--minutes", values.minutes, MINUTES_MAX),
    perSecond: numberOf("--rate", values.rate, RATE_MAX),
    out: values.out,
    isPublished: [only, values.targets, values.out].every((told) => told === undefined) && !quick,
  };
}
