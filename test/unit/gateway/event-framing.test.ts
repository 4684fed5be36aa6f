import fc from "fast-check";
import { expect, test } from "vitest";
import { EventFraming } from "../../../services/gateway/dialects/event-framing.ts";
import { cutAt } from "./cut-at.ts";

/** What a framing makes of a stream, however it was cut: the events as they are, and the data of each. */
function framed(bytes: Buffer, places: readonly number[] = []) {
  const framing = new EventFraming(1_000_000);
  const events = cutAt(bytes, places).flatMap((piece) => [...framing.push(piece)]);
  return { events, data: events.map((event) => framing.dataOf(event)), rest: framing.rest() };
}

/** The data of a stream's events, as the standard says it: https://html.spec.whatwg.org/multipage/server-sent-events.html */
function dataBy(text: string): string[] {
  const told: string[] = [];
  let data: string[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  // What follows the last line's end is no line yet.
  for (const line of lines.slice(0, -1)) {
    if (line === "") {
      if (data.length > 0) told.push(data.join("\n"));
      data = [];
    }
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
  }
  return told;
}

const parts = fc.constantFrom(
  "data: a",
  "data:é😀",
  "data:  b",
  "data",
  "data:",
  "dataset: no",
  ": ping",
  "event: x",
  "id: 7",
  "",
);
const ends = fc.constantFrom("\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r", "\n\r", "");
const streams = fc
  .tuple(fc.constantFrom("", "\uFEFF"), fc.array(fc.tuple(parts, ends), { maxLength: 15 }))
  .map(([mark, lines]) => mark + lines.flat().join(""));
const cuts = fc.array(fc.nat(400), { maxLength: 15 });

test("wherever the network cuts a stream, its events are the same, and no byte is lost", () => {
  fc.assert(
    fc.property(streams, cuts, (text, places) => {
      const whole = framed(Buffer.from(text));
      expect(framed(Buffer.from(text), places)).toEqual(whole);
      expect(Buffer.concat([...whole.events, whole.rest]).toString()).toBe(text);
    }),
    { numRuns: 5_000 },
  );
});

test("so it is with any bytes at all", () => {
  const bytes = fc
    .array(fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.constantFrom("\n", "\r", "data:", "\uFEFF")), { maxLength: 40 })
    .map((pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
  fc.assert(
    fc.property(bytes, cuts, (stream, places) => {
      const whole = framed(stream);
      expect(framed(stream, places)).toEqual(whole);
      expect(Buffer.concat([...whole.events, whole.rest])).toEqual(stream);
    }),
    { numRuns: 3_000 },
  );
});

test("the data of a stream is what the standard says, whatever its lines end in", () => {
  fc.assert(
    fc.property(streams, (text) => {
      // An event whose last CR may be half of a CRLF still waits at the end of the stream.
      const expected = dataBy(text);
      const told = framed(Buffer.from(text)).data.filter((data) => data !== undefined);
      expect(told).toEqual(text.endsWith("\r") ? expected.slice(0, told.length) : expected);
      expect(told.length).toBeGreaterThanOrEqual(expected.length - 1);
    }),
    { numRuns: 5_000 },
  );
});

test.each(["\n", "\r\n", "\r"])("an event whose lines end in %j waits for no other", (end) => {
  const framing = new EventFraming(1_000);
  const push = (text: string) => [...framing.push(Buffer.from(text))].map(String);
  for (const text of ["data: a", "data: b"]) expect(push(text + end + end)).toEqual([text + end + end]);
  expect(framing.rest()).toHaveLength(0);
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
  expect(read("\uFEFFdata:a\rdata\r\r")).toBe("a\n");
  expect(read("event: x\nid: 1\ndata: [DONE]\n\n")).toBe("[DONE]");
  expect(read(": keep-alive\n\n")).toBeUndefined();
  expect(read("\n")).toBeUndefined();
  expect(read("data:\n\n")).toBe("");
});

test.each(["\n", "\r\n", "\r"])("a long stream whose lines end in %j costs one pass", (end) => {
  const stream = Buffer.from(`data: ${"x".repeat(50)}${end}${end}`.repeat(200_000) + "x".repeat(900_000));
  const places = Array.from({ length: 400 }, (_, at) => at * 40_000 + 1);
  const startMs = performance.now();
  expect(framed(stream, places).events).toHaveLength(200_000);
  expect(performance.now() - startMs).toBeLessThan(4_000);
});
