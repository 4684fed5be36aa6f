import type { Topic } from "./world.ts";

/** Sentences, of which one is there at the least. */
export type Sentences = readonly [string, ...string[]];

/** How somebody begins, and what follows as long as there is room. */
export interface Told {
  readonly opens: Sentences;
  readonly goesOn: Sentences;
  /** Whether that goes on as long as there is room, as in documents and code. Else each is said once. */
  readonly isLong?: true;
}

/**
 * What is said about each topic. `{order}` and the like stand for figures of that kind, so that hardly any two texts
 * are the same, and each is one that somebody might have written.
 */
export const SENTENCES: Readonly<Record<Topic, { readonly asked: Told; readonly answered: Told }>> = {
  support: {
    asked: {
      opens: [
        "My order {order} has not arrived, and the tracking page has said the same for {few} days.",
        "I would like to return the jacket of order {order}, it is a size too small.",
        "The voucher of {percent} percent was not taken off at the till.",
        "Can the delivery of order {order} be moved to the {day}, in the afternoon if possible?",
        "I was charged {euros} euros twice for the same thing.",
        "Where do I find the invoice for order {order}?",
        "The desk lamp came with a broken arm, I have attached photos to ticket {ticket}.",
        "Is the trail shoe still to come in size {size}?",
      ],
      goesOn: [
        "I am a customer of yours since {year} and this has never happened before.",
        "The parcel number is {parcel}.",
        "I have written on the {day} already and got no answer.",
        "It was a present, so it would be good to have it by the {day}.",
        "My address has not changed, the house is number {few}.",
        "I paid by card, the statement says {euros} euros.",
        "If that does not work I would rather have the money back.",
      ],
    },
    answered: {
      opens: [
        "I am sorry to hear that: order {order} left our warehouse and is held at the depot.",
        "You can send it back free of charge until the {day}; the label is in your account.",
        "I have asked for {euros} euros to be refunded, which takes up to five working days.",
        "The delivery is moved to the {day}, and you will get a message an hour before.",
        "Your invoice is under Orders, then Documents.",
        "A replacement is on its way and should be with you in {few} days.",
      ],
      goesOn: [
        "Nothing more is to be done on your side.",
        "Should it not have come by the {day}, answer to this message and I will look again.",
        "I have put {percent} percent on your account for the trouble.",
        "You can follow it under the parcel number {parcel}.",
      ],
    },
  },
  routing: {
    asked: {
      opens: [
        "Which team is to answer this? “The invoice of order {order} has the wrong address.”",
        "Which team is to answer this? “The app signs me out whenever I open the basket.”",
        "Which team is to answer this? “I want to cancel my subscription at the end of the month.”",
        "Which team is to answer this? “Parcel {parcel} was left with a neighbour I do not know.”",
        "Which team is to answer this? “Do you deliver to Iceland?”",
      ],
      goesOn: [
        "Teams: billing, delivery, returns, accounts, shop.",
        "Answer with the team's name alone.",
        "The customer has {few} orders and writes in German.",
        "Of ticket {ticket}, the one before was answered by delivery.",
      ],
    },
    answered: { opens: ["billing", "delivery", "returns", "accounts", "shop"], goesOn: [""] },
  },
  code: {
    asked: {
      opens: [
        "readPage on line {line} returns undefined when the list is empty; make it return an empty list instead.",
        "Why does the test “reads back what was written” fail on the second run only?",
        "Rename the parameter limit to rowsMax, and keep the {few} call sites as they are.",
        "Write a migration that adds a column for the currency, with EUR for what is there.",
        "This query takes {few} seconds with a million rows. What index does it want?",
        "Split this file: the parser and the printer have nothing to do with each other.",
      ],
      isLong: true,
      goesOn: [
        "const rows = await db.all('SELECT * FROM orders WHERE customer = ?', [customer.id]);",
        "if (attempt > {few}) throw new TimeoutError(`gave up after ${attempt} tries`);",
        "export async function readPage(cursor: string | undefined, limit = {percent}): Promise<Page> {",
        "return rows.map((row) => ({ ...row, total: row.net + row.tax }));",
        "await using server = await startServer({ port: 0, requestsMax: {percent} });",
        "expect(await page.rows()).toHaveLength({few});",
        "// See line {line}: the cache is filled before the migration has run.",
        "const [first, ...others] = await Promise.all(orders.map((order) => priceOf(order)));",
      ],
    },
    answered: {
      opens: [
        "The cause is in line {line}: the cache is filled before the migration has run.",
        "I changed {few} files; the tests pass, and the linter has no complaint.",
        "The second run finds the file of the first: give each test a directory of its own (see line {line}).",
        "An index over (customer, created_at) turns it into a look-up: {few} milliseconds here.",
      ],
      goesOn: [
        "return rows.slice(0, limit).map((row) => ({ ...row, total: row.net + row.tax }));",
        "if (rows.length === 0) return [];",
        "ALTER TABLE orders ADD COLUMN currency TEXT NOT NULL DEFAULT 'EUR';",
        "The call on line {line} stays as it is, since the default is the same.",
        "I left the name of the exported function, which {few} packages import.",
      ],
    },
  },
  contracts: {
    asked: {
      opens: [
        "Summarise this lease in five sentences, and name every date.",
        "What does this contract say about notice, and what about secrecy?",
        "Summarise the report of the last quarter for the board.",
        "Which points of these minutes need a decision?",
      ],
      isLong: true,
      goesOn: [
        "The lessee pays {rent} euros a month in advance, by the third working day.",
        "Section {few}: the parties keep secret what they learn of each other's business.",
        "In the quarter that ended in March, revenue rose by {few} percent while costs fell.",
        "The board has approved the plan on page {page} with two abstentions.",
        "Either party may end the contract with {few} months' notice to the end of a quarter.",
        "Repairs up to {euros} euros are for the lessee, those beyond for the lessor.",
        "Section {few}: what is not laid down here is governed by the law.",
        "The annex on page {page} is a part of this contract.",
      ],
    },
    answered: {
      opens: [
        "The contract runs for {few} years and goes on unless somebody ends it.",
        "In short: revenue up {few} percent, costs down, outlook unchanged.",
        "Three points need a decision, the first of them on page {page}.",
      ],
      goesOn: [
        "The rent of {rent} euros is due by the third working day.",
        "Notice is {few} months to the end of a quarter.",
        "Small repairs, up to {euros} euros, are the lessee's.",
        "What is said of secrecy binds both for {few} years after the end.",
      ],
    },
  },
  invoices: {
    asked: {
      opens: [
        "Read this invoice and give number, date, net, tax and total as JSON.",
        "Is this invoice for order {order} complete? Answer with what is missing, as a list.",
      ],
      isLong: true,
      goesOn: [
        "Position {few}: 12 pieces at {euros}, delivery included, tax not.",
        "Invoice R-{order}, of the {day} of May.",
        "To be paid within {few} days, without deduction.",
        "Position {few}: desk lamp with arm, warm white, {euros}.",
        "VAT 19 percent on all positions.",
      ],
    },
    answered: {
      opens: ['{"number": "R-{order}", "net": {euros}, "tax_percent": 19, "due_days": {few}}', '["tax number"]', "[]"],
      goesOn: [""],
    },
  },
  research: {
    asked: {
      opens: [
        "Compare these {few} studies on heat pumps in old houses, and say where they disagree.",
        "Which of the sources is about winters below {few} degrees?",
        "Find out what the grid operator says about {few} kilowatts a connection.",
        "How much larger must radiators be for a flow of {percent} degrees?",
      ],
      isLong: true,
      goesOn: [
        "Source {few}: a field test over three winters, with meters on both sides.",
        "Of {hundreds} households asked, two thirds would do it again, the authors write.",
        "Source {few}: a simulation of {hundreds} houses built before {year}.",
        "The seasonal figure was {ratio} in the first winter, and {ratio} in the second.",
        "Below {few} degrees the rod heated for {hundreds} hours.",
        "On page {page} the authors name what they did not measure: the hot water.",
      ],
    },
    answered: {
      opens: [
        "Two of the sources measured it in the field, the others computed it.",
        "They disagree on one thing: how much of the year is below {few} degrees.",
        "The figure that is quoted most, {ratio}, comes from a single house.",
        "So the answer is yes, with a buffer of {hundreds} litres and larger radiators.",
      ],
      goesOn: [
        "The field test has {ratio} over a year, the simulation {ratio}.",
        "Source {few} is the only one with meters on both sides.",
        "None of them says anything of houses built before {year}.",
        "What remains open is the hot water, see page {page}.",
      ],
    },
  },
  vectors: {
    asked: {
      opens: [
        "Jacket, waterproof, hood, two pockets, size {size}.",
        "How do I change the filter?",
        "Desk lamp with arm, warm white, {hundreds} lumen.",
        "Returns within {few} days are free of charge.",
      ],
      goesOn: [
        "Trail shoe, size {size}, {hundreds} grams.",
        "Vouchers count once for each order.",
        "Backpack, {percent} litres, with a cover against rain.",
        "Invoices are under Orders, then Documents.",
        "Batteries may be sent back for nothing.",
      ],
    },
    answered: { opens: ["[0.0123, -0.0456]"], goesOn: [""] },
  },
};
