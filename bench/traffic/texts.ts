import type { Random } from "./random.ts";
import type { Topic } from "./world.ts";

type Sentences = readonly [string, ...string[]];

/** What is said about each topic. `#` is a number, so that hardly any two texts are the same. */
const SENTENCES: Readonly<Record<Topic, { readonly asked: Sentences; readonly answered: Sentences }>> = {
  support: {
    asked: [
      "My order # has not arrived, and the tracking page has said the same for # days.",
      "I would like to return the jacket of order #, it is a size too small.",
      "The voucher with # percent was not taken off at the till.",
      "Can the delivery be moved to the #th, in the afternoon if possible?",
      "I was charged # euros twice for the same thing.",
      "Where do I find the invoice for order #?",
      "The lamp came broken, photos are attached to ticket #.",
    ],
    answered: [
      "I am sorry to hear that; order # left our warehouse and is held at the depot.",
      "You can send it back free of charge until the #th: the label is in your account.",
      "I have asked for # euros to be refunded, which takes up to five working days.",
      "The delivery is moved, and you will get a message with a window of # minutes.",
      "Your invoice # is under Orders, then Documents.",
      "A replacement is on its way and should be with you in # days.",
    ],
  },
  code: {
    asked: [
      "The function on line # returns undefined when the list is empty; make it return an empty list instead.",
      "const rows = await db.all('SELECT * FROM orders WHERE customer = ?', [#]);",
      "if (attempt > #) throw new TimeoutError(`gave up after ${attempt} tries`);",
      "Why does the test `reads back what was written #` fail on the second run only?",
      "export async function readPage(cursor: string | undefined, limit = #): Promise<Page> {",
      "Rename the parameter and keep the # call sites as they are.",
    ],
    answered: [
      "The cause is in line #: the cache is filled before the migration has run.",
      "return rows.slice(0, #).map((row) => ({ ...row, total: row.net + row.tax }));",
      "I changed # files; the tests pass, and the linter has no complaint.",
      "The second run finds the file of the first: give each test a directory of its own (see line #).",
      "await using server = await startServer({ port: 0, limit: # });",
    ],
  },
  documents: {
    asked: [
      "The lessee pays # euros a month in advance, by the third working day.",
      "Section #: the parties keep secret what they learn of each other's business.",
      "Position #: 12 pieces at 48.90, delivery included, tax not.",
      "In the quarter that ended in March, revenue rose by # percent while costs fell.",
      "The board has approved the plan of page # with two abstentions.",
      "Either party may end the contract with # days' notice to the end of a month.",
    ],
    answered: [
      "The contract runs for # months and goes on unless somebody ends it.",
      '{"invoice": "#", "currency": "EUR", "net": 586.80, "tax": 111.49}',
      "In short: revenue up # percent, costs down, outlook unchanged.",
      "Three points need a decision, the first of them on page #.",
    ],
  },
  research: {
    asked: [
      "Compare the # studies on heat pumps in old houses and say where they disagree.",
      "Which of the sources is about winters below # degrees?",
      "Of # households asked, two thirds would do it again, the authors write.",
      "Find out what the grid operator says about # kilowatts per connection.",
      "Source #: field test over three winters, with meters on both sides.",
    ],
    answered: [
      "# of the sources measured it in the field, the others computed it.",
      "They disagree on one thing: how much of the year is below # degrees.",
      "The figure that is quoted most, # percent, comes from a single house.",
      "So the answer is yes, with a buffer of # litres and larger radiators.",
    ],
  },
  vectors: {
    asked: [
      "Jacket, waterproof, hood, two pockets, size #.",
      "How do I change the filter of model #?",
      "Desk lamp with arm, warm white, # lumen.",
      "Returns within # days are free of charge.",
    ],
    answered: ["0.0#"],
  },
};

/** A text of about so many characters that is the same for the same chance. */
export function textOf(random: Random, topic: Topic, part: "asked" | "answered", characters: number): string {
  const sentences = SENTENCES[topic][part];
  let text = "";
  while (text.length < characters) {
    const sentence = random.pick(sentences).replace("#", String(1 + random.below(90_000)));
    text = text === "" ? sentence : `${text} ${sentence}`;
  }
  return text;
}
