import { expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { ProviderError } from "../../../services/gateway/core/provider-error.ts";
import { geminiStreamGenerateContent } from "../../../services/gateway/dialects/gemini/generate-content.ts";
import { ARRAY, arrayOf, EVENTS, eventOf, text, usage, watch, watchArray } from "./gemini-chunks.ts";
import { watchText } from "./watched-stream.ts";

test("a cut stream has the counts so far, and says that they are not the last", () => {
  const chunks = [
    { ...text("a"), ...usage(3, 1) },
    { ...text("b"), ...usage(3, 2) },
  ];
  const seen = watch(chunks);
  expect(seen.end).toContain("cut before its end");
  expect(seen.facts).toMatchObject({ usage: { inputTokens: 3n, outputTokens: 2n }, usageIsPartial: true });
  const array = watchArray(arrayOf(chunks).slice(0, -3));
  expect(array.end).toContain("cut before its end");
  expect(array.facts).toEqual(seen.facts);
  // An array that is closed is whole, though no candidate says why it ended.
  expect(watchArray(arrayOf(chunks))).toMatchObject({
    end: "\n]\n",
    facts: { usageIsPartial: true, finishReasons: [] },
  });
});

test.each([
  ["nothing", "", EVENTS, "cut before its end"],
  ["no finish reason", eventOf(text("a")), EVENTS, "cut before its end"],
  ["no JSON", "data: no json\n\n", EVENTS, "not a chunk of an answer"],
  ["an object for an array", "{}", ARRAY, "not one JSON array of objects"],
  ["an array that goes on", `${arrayOf([])}[`, ARRAY, "not one JSON array of objects"],
  ["half an element", '[{"candidates":[', ARRAY, "cut before its end"],
  ["an element that is no JSON", "[{a}]", ARRAY, "not a chunk of an answer"],
])("a stream with %s is no whole one", (_what, stream, contentType, fault) => {
  expect(watchText(geminiStreamGenerateContent, stream, { contentType }).end).toContain(fault);
});

const tapOf = (contentType: string) =>
  geminiStreamGenerateContent.createStreamTap({
    withholdUsage: false,
    contentType,
    eventBytesMax: 10_000,
    payloadBytesMax: 10_000,
  });

test("what a stream breaks off in is kept for the record: Gemini may tell its failure there without an event", () => {
  const tap = tapOf(EVENTS);
  tap.push(Buffer.from(`${eventOf(text("a"))}{"error":{"message":"secret"}}`), 1n);
  try {
    tap.end();
    expect.unreachable();
  } catch (thrown) {
    expect(thrown).toMatchObject({
      kind: "provider_protocol",
      text: '{"error":{"message":"secret"}}',
      event: undefined,
    });
  }
});

test.each([
  [503, "provider_unavailable"],
  [500, "provider_unavailable"],
  [429, "provider_rate_limited"],
  [400, "provider_rejected"],
  [504, "provider_timeout"],
  [403, "provider_auth"],
  ["x", "provider_unavailable"],
])("the provider's error %s in a stream is %s, and ends it as it came unless it concerns our key", (code, kind) => {
  const error = { error: { code, message: "secret", status: "S" } };
  const forms: [contentType: string, first: string, error: string, event: string][] = [
    [EVENTS, eventOf(text("a")), eventOf(error), eventOf(error)],
    [ARRAY, `[${JSON.stringify(text("a"))}`, `,\n${JSON.stringify(error)}`, `,\n${JSON.stringify(error)}]`],
  ];
  for (const [contentType, first, told, event] of forms) {
    const tap = tapOf(contentType);
    expect(tap.push(Buffer.from(first + told), 1n).toString()).toBe(first);
    expect(tap.isOver).toBe(true);
    try {
      tap.end();
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(ProviderError);
      expect(thrown).toMatchObject({ kind, event: kind === "provider_auth" ? undefined : Buffer.from(event) });
    }
  }
});

test("a failure of ours is told in Google's words, where the stream stands", () => {
  const error = new ServiceError("provider_timeout", "Too late.");
  const told = '{"error":{"code":504,"message":"Too late.","status":"UNAVAILABLE"}}';
  expect(tapOf(EVENTS).errorEvent(error)?.toString()).toBe(`data: ${told}\n\n`);
  expect(tapOf(ARRAY).errorEvent(error)?.toString()).toBe(`[${told}]`);
  const tap = tapOf(ARRAY);
  const passed = tap.push(Buffer.from('[{"candidates":[]},{"a'), 1n).toString();
  expect(JSON.parse(passed + tap.errorEvent(error)?.toString())).toEqual([{ candidates: [] }, JSON.parse(told)]);
});
