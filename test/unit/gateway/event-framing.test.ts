import fc from "fast-check";
import { expect, test } from "vitest";
import { EventFraming } from "../../../services/gateway/dialects/event-framing.ts";
import { cutAt } from "../../helpers/cut-at.ts";

/** The events of a whole stream, said plainly: each ends with the first blank line after it. */
function stated(text: string): { events: string[]; rest: string } {
  const events: string[] = [];
  let event = "";
  let line = "";
  for (const character of text) {
    event += character;
    line += character;
    if (character !== "\n") continue;
    if (line === "\n" || line === "\r\n") {
      events.push(event);
      event = "";
    }
    line = "";
  }
  return { events, rest: event };
}

const streamText = fc
  .array(fc.constantFrom("data: a", "data: é", ": ping", "\n", "\r\n", "\r", "\n\n", "event: x\n", ""), {
    maxLength: 20,
  })
  .map((parts) => parts.join(""));

test("wherever the network cuts a stream, its events are the same", () => {
  fc.assert(
    fc.property(streamText, fc.array(fc.nat(200), { maxLength: 12 }), (text, places) => {
      const framing = new EventFraming(1_000);
      const events = cutAt(Buffer.from(text), places).flatMap((piece) => [...framing.push(piece)]);
      expect({ events: events.map(String), rest: String(framing.rest()) }).toEqual(stated(text));
    }),
    { numRuns: 3_000 },
  );
});

test("an event that is too long is refused, however it was cut; one that just fits is not", () => {
  const event = (bytes: number) => Buffer.from(`${"x".repeat(bytes - 2)}\n\n`);
  for (const places of [[], [5], [1, 2, 3, 99], [100]]) {
    const push = (bytes: Buffer) => {
      const framing = new EventFraming(100);
      for (const piece of cutAt(bytes, places)) [...framing.push(piece)].forEach(String);
    };
    expect(() => push(event(100))).not.toThrow();
    expect(() => push(event(101))).toThrow(RangeError);
    expect(() => push(Buffer.concat([event(60), event(60)]))).not.toThrow();
  }
});

test("the data of an event is its data lines, joined; a comment has none", () => {
  const read = (text: string) => new EventFraming(1_000).dataOf(Buffer.from(text));
  expect(read("data: a\n\n")).toBe("a");
  expect(read("data:a\r\ndata:  b\r\n\r\n")).toBe("a\n b");
  expect(read("event: x\nid: 1\ndata: [DONE]\n\n")).toBe("[DONE]");
  expect(read(": keep-alive\n\n")).toBeUndefined();
  expect(read("\n")).toBeUndefined();
  expect(read("data:\n\n")).toBe("");
});
