import { createRandom, type Random } from "../traffic/random.ts";

/** So many words are known, of one to three syllables: zstd makes 41 % of a few kilobytes of them, as of the documents here. */
const WORDS = 3_000;
const BEGINNINGS = [
  "b",
  "br",
  "c",
  "ch",
  "d",
  "f",
  "g",
  "gr",
  "h",
  "j",
  "l",
  "m",
  "n",
  "p",
  "pr",
  "r",
  "s",
  "st",
  "t",
  "tr",
  "v",
  "w",
  "",
];
const MIDDLES = ["a", "e", "i", "o", "u", "ea", "ou", "ai"];
const ENDS = ["", "n", "r", "s", "t", "l", "nd", "ck", "m"];

const vocabulary = wordsOf(createRandom(11));

/** Words without meaning, of about so many characters, that are compressed as well as text is. */
export function proseOf(random: Random, characters: number): string {
  let text = "";
  while (text.length < characters) {
    // Some words are much more frequent than others.
    const word = vocabulary[Math.floor(WORDS * random.next() ** 7)] ?? "";
    text = text === "" ? word : `${text}${random.happens(0.09) ? ". " : " "}${word}`;
  }
  return text;
}

function wordsOf(random: Random): readonly string[] {
  const syllable = () => `${pickOf(random, BEGINNINGS)}${pickOf(random, MIDDLES)}${pickOf(random, ENDS)}`;
  return Array.from({ length: WORDS }, (_, rank) => {
    const syllables = 1 + random.below(rank < 200 ? 1 : 3);
    return Array.from({ length: syllables }, syllable).join("");
  });
}

function pickOf(random: Random, items: readonly string[]): string {
  return items[random.below(items.length)] ?? "";
}
