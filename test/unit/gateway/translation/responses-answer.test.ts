import type { LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import fc from "fast-check";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAiResponses } from "../../../../services/gateway/dialects/openai-responses/openai-responses.ts";
import { openAiResponsesCodec as codec } from "../../../../services/gateway/translation/openai-responses/openai-responses.ts";
import { watchText } from "../watched-stream.ts";
import { arbitraryAnswer } from "./arbitrary-answer.ts";
import { type CannedServer, startCannedServer } from "./canned-server.ts";

const TOLD = { id: "abcdefghijklmnopqrstuvwx", model: "an-endpoint", createdSeconds: 1 };
const DECODED = { options: { prompt: [], temperature: 0.5 }, extras: {}, streaming: true, includesUsage: true };
const USAGE: LanguageModelV4Usage = {
  inputTokens: { total: 12, noCache: 5, cacheRead: 4, cacheWrite: 3 },
  outputTokens: { total: 9, text: 2, reasoning: 7 },
};

type Event = Readonly<Record<string, unknown>>;

function streamOf(parts: readonly LanguageModelV4StreamPart[]): string {
  const encoder = codec.createStreamEncoder(TOLD, DECODED);
  return Buffer.concat([...parts.map((part) => encoder.encode(part)), encoder.end()]).toString();
}

function eventsOf(stream: string): readonly Event[] {
  return [...stream.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ""));
}

function endingOf(unified: "length" | "content-filter" | "error" | "tool-calls"): unknown {
  const stream = streamOf([{ type: "finish", finishReason: { unified, raw: undefined }, usage: USAGE }]);
  return eventsOf(stream).at(-1);
}

describe("an answer, as OpenAI's response", () => {
  it("is streamed in the order of OpenAI's events, each with its number", () => {
    const events = eventsOf(
      streamOf([
        { type: "response-metadata", modelId: "claude-9" },
        { type: "reasoning-start", id: "0" },
        { type: "reasoning-delta", id: "0", delta: "hm" },
        { type: "reasoning-end", id: "0", providerMetadata: { anthropic: { signature: "sig" } } },
        { type: "text-start", id: "1" },
        { type: "text-delta", id: "1", delta: "Hel" },
        { type: "text-delta", id: "1", delta: "lo" },
        { type: "text-end", id: "1" },
        { type: "tool-input-start", id: "call_1", toolName: "look_up" },
        { type: "tool-input-delta", id: "call_1", delta: '{"a":1}' },
        { type: "tool-input-end", id: "call_1" },
        { type: "tool-call", toolCallId: "call_1", toolName: "look_up", input: '{"a":1}' },
        { type: "finish", finishReason: { unified: "tool-calls", raw: "tool_use" }, usage: USAGE },
      ]),
    );
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    expect(events.map(({ type, output_index = "" }) => `${type} ${output_index}`.trim())).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added 0",
      "response.reasoning_summary_part.added 0",
      "response.reasoning_summary_text.delta 0",
      "response.reasoning_summary_text.done 0",
      "response.reasoning_summary_part.done 0",
      "response.output_item.done 0",
      "response.output_item.added 1",
      "response.content_part.added 1",
      "response.output_text.delta 1",
      "response.output_text.delta 1",
      "response.output_text.done 1",
      "response.content_part.done 1",
      "response.output_item.done 1",
      "response.output_item.added 2",
      "response.function_call_arguments.delta 2",
      "response.function_call_arguments.done 2",
      "response.output_item.done 2",
      "response.completed",
    ]);
    expect(events.at(-1)?.["response"]).toMatchObject({
      id: `resp_${TOLD.id}`,
      model: "claude-9",
      status: "completed",
      temperature: 0.5,
      store: false,
      usage: {
        input_tokens: 12,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
        output_tokens: 9,
        output_tokens_details: { reasoning_tokens: 7 },
        total_tokens: 21,
      },
    });
  });

  it("says why it ended", () => {
    expect(endingOf("length")).toMatchObject({
      type: "response.incomplete",
      response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    });
    expect(endingOf("content-filter")).toMatchObject({
      type: "response.incomplete",
      response: { incomplete_details: { reason: "content_filter" } },
    });
    expect(endingOf("error")).toMatchObject({ type: "response.failed", response: { error: { code: "server_error" } } });
    expect(endingOf("tool-calls")).toMatchObject({ type: "response.completed", response: { status: "completed" } });
  });

  it("has an image that the model made, and no other file", () => {
    const file = (mediaType: string) => ({ type: "file", mediaType, data: { type: "data", data: "aGk=" } }) as const;
    const finish = { type: "finish", finishReason: { unified: "stop", raw: "STOP" }, usage: USAGE } as const;
    expect(eventsOf(streamOf([file("image/png"), finish])).at(-1)?.["response"]).toMatchObject({
      output: [{ type: "image_generation_call", status: "completed", result: "aGk=" }],
    });
    expect(() => streamOf([file("audio/mpeg"), finish])).toThrow(/a file/);
  });

  it("comes to the same whole and streamed, for whoever reduces the stream", () => {
    fc.assert(
      fc.property(arbitraryAnswer(), ({ whole, parts }) => {
        const limits = { eventBytesMax: 1_000_000, payloadBytesMax: 1_000_000 };
        const watched = watchText(openAiResponses, streamOf(parts), limits);
        expect(watched.end).toMatch(/^event: response\.(completed|incomplete)\n/);
        expect(watched.answer).toEqual(JSON.parse(codec.encodeAnswer(whole, TOLD, DECODED).toString()));
        expect(watched.facts.usageIsPartial).toBe(false);
      }),
    );
  });
});

describe("OpenAI's own SDK", () => {
  let server: CannedServer;
  let client: OpenAI;
  beforeAll(async () => {
    server = await startCannedServer();
    client = new OpenAI({ apiKey: "any", baseURL: server.url, maxRetries: 0 });
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const ask = { model: "an-endpoint", input: "hi" };

  async function streamed(parts: readonly LanguageModelV4StreamPart[]) {
    server.answer = { status: 200, contentType: "text/event-stream", body: Buffer.from(streamOf(parts)) };
    return plain(await client.responses.stream(ask).finalResponse());
  }

  it("reads any answer, and comes to the same whole and streamed", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryAnswer(), async ({ whole, parts }) => {
        const { body } = { body: codec.encodeAnswer(whole, TOLD, DECODED) };
        server.answer = { status: 200, contentType: "application/json", body };
        const read = await client.responses.create(ask);
        expect(read.output_text).toBe(whole.content.map((part) => (part.type === "text" ? part.text : "")).join(""));
        expect(await streamed(parts)).toEqual(plain(read));
      }),
      { numRuns: 40 },
    );
  });

  it("reads answers whose blocks come among each other", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryAnswer({ signed: false }), async ({ whole, interleaved }) => {
        const calls = (items: readonly Event[]) =>
          items
            .filter(({ type }) => type === "function_call")
            .map((item) => `${item["call_id"]} ${item["arguments"]}`)
            .sort();
        const read = await streamed(interleaved);
        const expected = JSON.parse(codec.encodeAnswer(whole, TOLD, DECODED).toString());
        expect(calls(read.output)).toEqual(calls(expected.output));
      }),
      { numRuns: 40 },
    );
  });

  it("raises the errors it always raises", async () => {
    server.answer = {
      status: 429,
      contentType: "application/json",
      body: Buffer.from(JSON.stringify(codec.errorObject(429, "slow down"))),
    };
    await expect(client.responses.create(ask)).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    const encoder = codec.createStreamEncoder(TOLD, DECODED);
    const begun = [
      encoder.encode({ type: "text-start", id: "0" }),
      encoder.encode({ type: "text-delta", id: "0", delta: "x" }),
    ];
    const body = Buffer.concat([...begun, encoder.error("it broke")]);
    server.answer = { status: 200, contentType: "text/event-stream", body };
    await expect(client.responses.stream(ask).finalResponse()).rejects.toThrow(/it broke/);
  });
});

function plain(response: unknown) {
  const {
    output_text: _text,
    output_parsed: _parsed,
    _request_id: _id,
    output,
    ...rest
  } = JSON.parse(JSON.stringify(response));
  return { ...rest, output: output.map(withoutParsed) };
}

/** Without what the SDK adds to items of its own. */
function withoutParsed(item: Event): Event {
  const { parsed_arguments: _arguments, content, ...rest } = item;
  if (!Array.isArray(content)) return rest;
  return { ...rest, content: content.map(({ parsed: _parsed, ...part }) => part) };
}
