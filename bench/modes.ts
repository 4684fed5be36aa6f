import { type AnswerKind, PACED_MS } from "./chains/canned-answers.ts";
import { proseOf } from "./store/prose.ts";
import { createRandom } from "./traffic/random.ts";

/** A way of asking. */
export interface Mode {
  readonly name: ModeName;
  /** What it is, in words for a table. */
  readonly words: string;
  readonly answer: AnswerKind;
  readonly connections: number;
  /** Over how long their first requests are spread, in milliseconds. */
  readonly spreadMs: number;
  /** Whether requests fall due at a fixed rate, an open loop. Else each connection asks again once it has its answer. */
  readonly isOpen: boolean;
  /** What is asked. */
  readonly prompt: string;
}

export const MODE_NAMES = ["plain-1", "plain-64", "plain-open", "large-64", "stream-64", "burst-64"] as const;
export type ModeName = (typeof MODE_NAMES)[number];

const AT_ONCE = 64;
/** What may be under way in an open loop; beyond that requests wait, and their time runs. */
const OPEN_MAX = 256;
const LARGE_CHARACTERS = 100_000;
const SMALL = "one two three four five six seven eight nine ten";

const closed = { connections: AT_ONCE, spreadMs: 0, isOpen: false, prompt: SMALL };
const MODES: Readonly<Record<ModeName, Omit<Mode, "name">>> = {
  "plain-1": { ...closed, words: "small, 1 connection", answer: "plain", connections: 1 },
  "plain-64": { ...closed, words: "small, 64 connections", answer: "plain" },
  "plain-open": { ...closed, words: "small, at a fixed rate", answer: "plain", connections: OPEN_MAX, isOpen: true },
  "large-64": {
    ...closed,
    words: "100 KB, 64 connections",
    answer: "plain",
    prompt: proseOf(createRandom(1), LARGE_CHARACTERS),
  },
  "stream-64": {
    ...closed,
    words: "streams, a chunk each 10 ms, 64 at once, begun one after another",
    answer: "paced",
    spreadMs: PACED_MS,
  },
  "burst-64": { ...closed, words: "streams of 100 chunks at once, 64 at once", answer: "burst" },
};

/** The mode of that name. */
export function modeOf(name: ModeName): Mode {
  return { name, ...MODES[name] };
}

/** The body of a mode's requests, which ask for a model. */
export function bodyOf({ answer, prompt }: Mode, model: string): string {
  const stream = answer === "plain" ? {} : { stream: true, stream_options: { include_usage: true } };
  return JSON.stringify({ model, ...stream, messages: [{ role: "user", content: prompt }] });
}
