import type { Random } from "./random.ts";
import { SENTENCES } from "./sentences.ts";
import type { Topic } from "./world.ts";

/** The figures that stand in sentences, by their kinds. */
const FIGURES: Readonly<Record<string, (random: Random) => number | string>> = {
  order: (random) => 410_000 + random.below(90_000),
  ticket: (random) => 31_000 + random.below(9_000),
  parcel: (random) => `00340${430_000_000 + random.below(9_000_000)}`,
  few: (random) => 2 + random.below(11),
  day: (random) => `${4 + random.below(17)}th`,
  percent: (random) => 5 * (1 + random.below(6)),
  euros: (random) => (9 + random.below(240) + 0.9).toFixed(2),
  rent: (random) => 10 * (62 + random.below(110)),
  size: (random) => 36 + random.below(10),
  year: (random) => 1961 + random.below(60),
  line: (random) => 12 + random.below(470),
  page: (random) => 3 + random.below(60),
  hundreds: (random) => 10 * (20 + random.below(70)),
  ratio: (random) => (2.6 + random.below(16) / 10).toFixed(1),
};

/**
 * A text of at most about so many characters that is the same for the same chance: how somebody begins, and what
 * follows from there.
 */
export function textOf(random: Random, topic: Topic, part: "asked" | "answered", characters: number): string {
  const { opens, goesOn, isLong } = SENTENCES[topic][part];
  let text = withFigures(random, random.pick(opens));
  const from = random.below(goesOn.length);
  for (let next = from; text.length < characters && (isLong || next < from + goesOn.length); next += 1) {
    const sentence = goesOn[next % goesOn.length] ?? "";
    if (sentence === "") break;
    text += ` ${withFigures(random, sentence)}`;
  }
  return text;
}

function withFigures(random: Random, sentence: string): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (all, kind: string) => String(FIGURES[kind]?.(random) ?? all));
}
