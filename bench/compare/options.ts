import { parseArgs } from "node:util";
import { namesOf, numberOf } from "../arguments.ts";
import { MODE_NAMES, type ModeName } from "../modes.ts";
import { SYSTEM_TARGET_NAMES, type SystemTargetName } from "../targets/target.ts";

/** What is compared, and for how long. */
export interface CompareOptions {
  /** What the present tree is compared with, as git knows it. */
  readonly base: string;
  readonly modes: readonly ModeName[];
  /** Which of twinspan's targets both trees run. U and D are measured beside them. */
  readonly targets: readonly SystemTargetName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly minutes: number;
  readonly perSecond: number;
}

const MODES: readonly ModeName[] = ["plain-1", "plain-64", "large-64", "stream-64", "burst-64"];
const TARGETS: readonly SystemTargetName[] = ["off-exchange", "on-exchange"];

/** How to call it. */
export const COMPARE_USAGE = `node bench/compare/main.ts --base REF [options]
  --base REF         a commit, branch or tag: its services run beside those of this tree
  --only MODE,…      of ${MODE_NAMES.join(", ")}; default: ${MODES.join(",")}
  --targets TARGET,… of ${SYSTEM_TARGET_NAMES.join(", ")}; default: ${TARGETS.join(",")}
  --rounds N         9: of these the medians are told
  --seconds N        1.2: for each target in each mode and round
  --minutes N        9: no round begins that would end later than so long after the start
  --rate N           1000: requests a second where the rate is fixed`;

const ROUNDS_MAX = 1000;
const SECONDS_MAX = 600;
const MINUTES_MAX = 600;
const RATE_MAX = 100_000;

/** Reads the arguments. Throws an Error with one sentence when one of them is wrong. */
export function compareOptionsOf(args: readonly string[]): CompareOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      base: { type: "string", default: "" },
      only: { type: "string" },
      targets: { type: "string" },
      rounds: { type: "string", default: "9" },
      seconds: { type: "string", default: "1.2" },
      minutes: { type: "string", default: "9" },
      rate: { type: "string", default: "1000" },
    },
  });
  if (values.base === "") throw new Error("--base is missing: what to compare with, such as HEAD~1 or a tag");
  return {
    base: values.base,
    modes: namesOf("--only", values.only, MODE_NAMES, MODES),
    targets: namesOf("--targets", values.targets, SYSTEM_TARGET_NAMES, TARGETS),
    rounds: Math.ceil(numberOf("--rounds", values.rounds, ROUNDS_MAX)),
    seconds: numberOf("--seconds", values.seconds, SECONDS_MAX),
    minutes: numberOf("--minutes", values.minutes, MINUTES_MAX),
    perSecond: numberOf("--rate", values.rate, RATE_MAX),
  };
}
