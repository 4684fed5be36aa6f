import type { LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anthropicMessages } from "../../../../services/gateway/dialects/anthropic/messages.ts";
import { anthropicMessagesCodec as codec } from "../../../../services/gateway/translation/anthropic/anthropic-messages.ts";
import { watchText } from "../watched-stream.ts";
import { arbitraryAnswer } from "./arbitrary-answer.ts";
import { type CannedServer, startCannedServer } from "./canned-server.ts";

const TOLD = { id: "abcdefghijklmnopqrstuvwx", model: "an-endpoint", createdSeconds: 1 };
const DECODED = { options: { prompt: [] }, extras: {}, streaming: true, includesUsage: true };
const LIMITS = { eventBytesMax: 1_000_000, payloadBytesMax: 1_000_000 };
const USAGE: LanguageModelV4Usage = {
  inputTokens: { total: 12, noCache: 5, cacheRead: 4, cacheWrite: 3 },
  outputTokens: { total: 9, text: 2, reasoning: 7 },
};
const STOP = { type: "finish", finishReason: { unified: "stop", raw: undefined }, usage: USAGE } as const;

function streamOf(parts: readonly LanguageModelV4StreamPart[]): string {
  const encoder = codec.createStreamEncoder(TOLD, DECODED);
  return Buffer.concat([...parts.map((part) => encoder.encode(part)), encoder.end()]).toString();
}

function eventsOf(stream: string): readonly Record<string, unknown>[] {
  return [...stream.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ""));
}

describe("an answer, as Anthropic's message", () => {
  it("is streamed in the order of Anthropic's events, its usage without what was cached", () => {
    const stream = streamOf([
      { type: "stream-start", warnings: [] },
      { type: "response-metadata", modelId: "gemini-9" },
      { type: "reasoning-start", id: "0" },
      { type: "reasoning-delta", id: "0", delta: "hm" },
      { type: "reasoning-end", id: "0", providerMetadata: { anthropic: { signature: "sig" } } },
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: "Hel" },
      { type: "text-delta", id: "1", delta: "lo" },
      { type: "text-end", id: "1" },
      STOP,
    ]);
    expect([...stream.matchAll(/^event: (.*)$/gm)].map(([, name]) => name)).toEqual(
      eventsOf(stream).map(({ type }) => type),
    );
    expect(eventsOf(stream)).toEqual([
      {
        type: "message_start",
        message: expect.objectContaining({ id: `msg_${TOLD.id}`, model: "gemini-9", content: [] }),
      },
      { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
      { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "sig" } },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: { type: "text", text: "", citations: null } },
      { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hel" } },
      { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "lo" } },
      { type: "content_block_stop", index: 1 },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null, stop_details: null, container: null },
        usage: {
          input_tokens: 5,
          output_tokens: 9,
          cache_read_input_tokens: 4,
          cache_creation_input_tokens: 3,
          output_tokens_details: { thinking_tokens: 7 },
        },
      },
      { type: "message_stop" },
    ]);
  });

  it("has thinking that is hidden as a block of its own, whole and streamed", () => {
    const providerMetadata = { anthropic: { redactedData: "c2VjcmV0" } };
    const stream = streamOf([
      { type: "reasoning-start", id: "0", providerMetadata },
      { type: "reasoning-end", id: "0" },
      STOP,
    ]);
    const content = [{ type: "redacted_thinking", data: "c2VjcmV0" }];
    expect(watchText(anthropicMessages, stream, LIMITS).answer.content).toEqual(content);
    const whole = codec.encodeAnswer(
      { ...STOP, content: [{ type: "reasoning", text: "", providerMetadata }], warnings: [] },
      TOLD,
      DECODED,
    );
    expect(JSON.parse(whole.toString()).content).toEqual(content);
  });

  it("says why it ended, in Claude's own word where Claude said it", () => {
    const reasonOf = (unified: "length" | "content-filter" | "stop" | "error", raw: string | undefined) => {
      const stream = streamOf([{ type: "finish", finishReason: { unified, raw }, usage: USAGE }]);
      return watchText(anthropicMessages, stream, LIMITS).answer.stop_reason;
    };
    expect(reasonOf("length", "MAX_TOKENS")).toBe("max_tokens");
    expect(reasonOf("content-filter", "SAFETY")).toBe("refusal");
    expect(reasonOf("stop", "stop_sequence")).toBe("stop_sequence");
    expect(reasonOf("length", "model_context_window_exceeded")).toBe("model_context_window_exceeded");
  });

  it("is an error when it has what Anthropic's format has no word for", () => {
    const data = { type: "data", data: "aGk=" } as const;
    expect(() => streamOf([{ type: "file", mediaType: "image/png", data }])).toThrow(/a file/);
  });

  it("comes to the same whole and streamed, for whoever reduces the stream", () => {
    fc.assert(
      fc.property(arbitraryAnswer(), ({ whole, parts }) => {
        const watched = watchText(anthropicMessages, streamOf(parts), LIMITS);
        expect(watched.end).toContain("message_stop");
        expect(watched.answer).toEqual(JSON.parse(codec.encodeAnswer(whole, TOLD, DECODED).toString()));
        expect(watched.facts.usageIsPartial).toBe(false);
      }),
    );
  });

  it("loses nothing when its blocks come among each other", () => {
    fc.assert(
      fc.property(arbitraryAnswer(), ({ whole, interleaved }) => {
        const { answer, end } = watchText(anthropicMessages, streamOf(interleaved), LIMITS);
        expect(end).toContain("message_stop");
        const content: readonly Record<string, unknown>[] = answer.content;
        const said = (key: string) =>
          content
            .map((block) => block[key] ?? "")
            .sort()
            .join("");
        const expected: readonly Record<string, unknown>[] = JSON.parse(
          codec.encodeAnswer(whole, TOLD, DECODED).toString(),
        ).content;
        const callsOf = (blocks: readonly Record<string, unknown>[]) =>
          blocks.filter(({ type }) => type === "tool_use").sort((a, b) => (String(a["id"]) < String(b["id"]) ? -1 : 1));
        expect(callsOf(content)).toEqual(callsOf(expected));
        const lettersOf = (text: string) => [...text].sort().join("");
        for (const key of ["text", "thinking"]) {
          expect(lettersOf(said(key))).toBe(lettersOf(expected.map((block) => block[key] ?? "").join("")));
        }
      }),
    );
  });
});

describe("Anthropic's own SDK", () => {
  let server: CannedServer;
  let client: Anthropic;
  beforeAll(async () => {
    server = await startCannedServer();
    client = new Anthropic({ apiKey: "any", baseURL: server.url, maxRetries: 0 });
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const ask = { model: "an-endpoint", max_tokens: 1, messages: [{ role: "user" as const, content: "hi" }] };

  it("reads any answer, and comes to the same whole and streamed", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryAnswer(), async ({ whole, parts }) => {
        const body = Buffer.from(streamOf(parts));
        server.answer = { status: 200, contentType: "text/event-stream", body };
        const streamed = await client.messages.stream(ask).finalMessage();
        server.answer = {
          status: 200,
          contentType: "application/json",
          body: codec.encodeAnswer(whole, TOLD, DECODED),
        };
        const read = await client.messages.create(ask);
        expect(plain(streamed)).toEqual(plain(read));
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
    await expect(client.messages.create(ask)).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    const body = codec.createStreamEncoder(TOLD, DECODED).error("it broke");
    server.answer = { status: 200, contentType: "text/event-stream", body };
    await expect(client.messages.stream(ask).finalMessage()).rejects.toThrow(/it broke/);
  });
});

function plain(message: unknown): unknown {
  const { parsed_output: _parsed, _request_id: _id, ...rest } = JSON.parse(JSON.stringify(message));
  return rest;
}
