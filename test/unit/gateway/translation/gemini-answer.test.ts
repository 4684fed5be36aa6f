import type { LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import { type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { geminiStreamGenerateContent } from "../../../../services/gateway/dialects/gemini/generate-content.ts";
import {
  geminiBatchEmbedContentsCodec,
  geminiEmbedContentCodec,
} from "../../../../services/gateway/translation/gemini/embed-content.ts";
import { geminiStreamGenerateContentCodec as codec } from "../../../../services/gateway/translation/gemini/generate-content.ts";
import { watchText } from "../watched-stream.ts";
import { arbitraryAnswer } from "./arbitrary-answer.ts";
import { type CannedServer, startCannedServer } from "./canned-server.ts";
import { invocationOf } from "./field-coverage.ts";

const TOLD = { id: "abcdefghijklmnopqrstuvwx", model: "an-endpoint", createdSeconds: 1 };
const LIMITS = { eventBytesMax: 1_000_000, payloadBytesMax: 1_000_000 };
const USAGE: LanguageModelV4Usage = {
  inputTokens: { total: 12, noCache: 5, cacheRead: 4, cacheWrite: 3 },
  outputTokens: { total: 9, text: 2, reasoning: 7 },
};
const STOP = { type: "finish", finishReason: { unified: "stop", raw: "end_turn" }, usage: USAGE } as const;

function decodedFor(streamsArray: boolean) {
  return { options: { prompt: [] }, extras: {}, streaming: true, includesUsage: true, streamsArray };
}

function streamOf(parts: readonly LanguageModelV4StreamPart[], streamsArray = false): string {
  const encoder = codec.createStreamEncoder(TOLD, decodedFor(streamsArray));
  return Buffer.concat([...parts.map((part) => encoder.encode(part)), encoder.end()]).toString();
}

const REASONED: readonly LanguageModelV4StreamPart[] = [
  { type: "response-metadata", id: "resp-1", modelId: "claude-9" },
  { type: "reasoning-start", id: "0" },
  { type: "reasoning-delta", id: "0", delta: "hm" },
  { type: "reasoning-end", id: "0", providerMetadata: { google: { thoughtSignature: "c2ln" } } },
  { type: "text-start", id: "1" },
  { type: "text-delta", id: "1", delta: "Hello" },
  { type: "text-end", id: "1" },
  { type: "tool-call", toolCallId: "call_1", toolName: "look_up", input: '{"a":1}' },
  STOP,
];

describe("an answer, as Gemini's content", () => {
  const NAMES = { modelVersion: "claude-9", responseId: "resp-1" };
  const chunk = (...parts: readonly object[]) => ({
    candidates: [{ content: { parts, role: "model" }, index: 0 }],
    ...NAMES,
  });
  const CHUNKS = [
    chunk({ text: "hm", thought: true }),
    chunk({ text: "", thought: true, thoughtSignature: "c2ln" }),
    chunk({ text: "Hello" }),
    chunk({ functionCall: { id: "call_1", name: "look_up", args: { a: 1 } } }),
    {
      candidates: [{ content: { parts: [], role: "model" }, index: 0, finishReason: "STOP" }],
      usageMetadata: {
        promptTokenCount: 12,
        candidatesTokenCount: 2,
        totalTokenCount: 21,
        cachedContentTokenCount: 4,
        thoughtsTokenCount: 7,
      },
      ...NAMES,
    },
  ];

  it("is streamed as events", () => {
    const events = streamOf(REASONED).split("\r\n\r\n").slice(0, -1);
    expect(events.map((event) => JSON.parse(event.replace("data: ", "")))).toEqual(CHUNKS);
  });

  it("is streamed as one array, where no events are asked for", () => {
    expect(JSON.parse(streamOf(REASONED, true))).toEqual(CHUNKS);
    const decode = (query: string) =>
      codec.decode(invocationOf(Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT, ASKED, query)).streamsArray;
    expect([decode("alt=sse"), decode("")]).toEqual([false, true]);
  });

  it("says why it ended, in Gemini's own word where Gemini said it", () => {
    const reasonOf = (unified: "length" | "content-filter" | "stop" | "other", raw: string) =>
      watchText(geminiStreamGenerateContent, streamOf([{ ...STOP, finishReason: { unified, raw } }]), LIMITS).answer
        .candidates[0].finishReason;
    expect(reasonOf("length", "max_tokens")).toBe("MAX_TOKENS");
    expect(reasonOf("content-filter", "refusal")).toBe("SAFETY");
    expect(reasonOf("content-filter", "PROHIBITED_CONTENT")).toBe("PROHIBITED_CONTENT");
    expect(reasonOf("other", "WHATEVER")).toBe("OTHER");
  });

  it("has the files that the model made", () => {
    const data = { type: "data", data: "aGk=" } as const;
    const { answer } = watchText(
      geminiStreamGenerateContent,
      streamOf([{ type: "file", mediaType: "image/png", data }, STOP]),
      LIMITS,
    );
    expect(answer.candidates[0].content.parts).toEqual([{ inlineData: { mimeType: "image/png", data: "aGk=" } }]);
  });

  it("breaks off where a tool is called with what is no object", () => {
    const call = { type: "tool-call", toolCallId: "c", toolName: "t", input: '{"a"' } as const;
    expect(() => streamOf([call])).toThrow(/arguments that are not a JSON object/);
  });

  it("comes to the same whole and streamed, for whoever reduces the stream, in both forms", () => {
    fc.assert(
      fc.property(arbitraryAnswer(), fc.boolean(), ({ whole, parts }, isArray) => {
        const contentType = isArray ? "application/json" : "text/event-stream";
        const watched = watchText(geminiStreamGenerateContent, streamOf(parts, isArray), { ...LIMITS, contentType });
        expect(watched.end).not.toContain("Error");
        expect(watched.facts.usageIsPartial).toBe(false);
        const expected = JSON.parse(codec.encodeAnswer(whole, TOLD, decodedFor(isArray)).toString());
        expect(withTextJoined(watched.answer)).toEqual(withTextJoined(expected));
      }),
    );
  });

  it("loses nothing when its blocks come among each other", () => {
    fc.assert(
      fc.property(arbitraryAnswer({ signed: false }), ({ whole, interleaved }) => {
        const { answer } = watchText(geminiStreamGenerateContent, streamOf(interleaved), LIMITS);
        const expected = JSON.parse(codec.encodeAnswer(whole, TOLD, decodedFor(false)).toString());
        expect(callsIn(answer)).toEqual(callsIn(expected));
        expect(lettersIn(answer)).toEqual(lettersIn(expected));
      }),
    );
  });
});

const ASKED = { contents: [{ role: "user", parts: [{ text: "hi" }] }] };

type Content = { readonly candidates: readonly { readonly content: { readonly parts: readonly Part[] } }[] };
interface Part {
  readonly text?: string;
  readonly thought?: boolean;
  readonly thoughtSignature?: string;
  readonly functionCall?: { readonly id: string };
}

/** A stream joins texts that follow each other; a whole answer has them as they are. */
function withTextJoined(answer: Content): Content {
  const joined: Part[] = [];
  for (const part of answer.candidates[0]?.content.parts ?? []) {
    const before = joined.at(-1);
    const goesOn =
      before?.text !== undefined &&
      part.text !== undefined &&
      before.thoughtSignature === undefined &&
      before.thought === part.thought;
    if (goesOn) joined.splice(-1, 1, { ...before, ...part, text: `${before.text}${part.text}` });
    else joined.push(part);
  }
  return {
    ...answer,
    candidates: answer.candidates.map((candidate) => ({
      ...candidate,
      content: { ...candidate.content, parts: joined },
    })),
  };
}

function callsIn({ candidates }: Content): readonly unknown[] {
  const calls = candidates[0]?.content.parts.flatMap(({ functionCall }) => functionCall ?? []) ?? [];
  return calls.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function lettersIn({ candidates }: Content): readonly string[] {
  return (candidates[0]?.content.parts ?? [])
    .flatMap(({ text = "", thought }) => [...text].map((letter) => letter + thought))
    .sort();
}

/** As the SDK's `text` has it, which complains on the console of whatever stands beside. */
function textIn({ candidates = [] }: GenerateContentResponse): string {
  const parts = candidates[0]?.content?.parts ?? [];
  return parts.map(({ text = "", thought }) => (thought ? "" : text)).join("");
}

describe("Gemini's own SDK", () => {
  let server: CannedServer;
  let client: GoogleGenAI;
  beforeAll(async () => {
    server = await startCannedServer();
    client = new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: server.url } });
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const ask = { model: "an-endpoint", contents: "hi" };

  it("reads any answer, and comes to the same whole and streamed", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryAnswer({ signed: false }), async ({ whole, parts }) => {
        const body = codec.encodeAnswer(whole, TOLD, decodedFor(false));
        server.answer = { status: 200, contentType: "application/json", body };
        const read = await client.models.generateContent(ask);
        server.answer = { status: 200, contentType: "text/event-stream", body: Buffer.from(streamOf(parts)) };
        const chunks = await Array.fromAsync(await client.models.generateContentStream(ask));
        expect(chunks.map(textIn).join("")).toBe(textIn(read));
        expect(chunks.flatMap(({ functionCalls }) => functionCalls ?? [])).toEqual(read.functionCalls ?? []);
        expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe(read.candidates?.[0]?.finishReason);
        expect(chunks.at(-1)?.usageMetadata).toEqual(read.usageMetadata);
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
    await expect(client.models.generateContent(ask)).rejects.toMatchObject({ status: 429 });
    const body = codec.createStreamEncoder(TOLD, decodedFor(false)).error("it broke");
    server.answer = { status: 200, contentType: "text/event-stream", body };
    const reading = async () => Array.fromAsync(await client.models.generateContentStream(ask));
    await expect(reading()).rejects.toThrow(/it broke/);
  });

  it("reads embeddings", async () => {
    const result = {
      embeddings: [
        [0.5, 1],
        [2, 3],
      ],
      usage: { tokens: 4 },
      warnings: [],
    };
    const decoded = { options: { values: ["a", "b"] }, extras: {} };
    const body = geminiBatchEmbedContentsCodec.encodeAnswer(result, TOLD, decoded);
    server.answer = { status: 200, contentType: "application/json", body };
    const read = await client.models.embedContent({ model: "an-endpoint", contents: ["a", "b"] });
    expect(read.embeddings).toEqual([{ values: [0.5, 1] }, { values: [2, 3] }]);
    const single = geminiEmbedContentCodec.encodeAnswer(result, TOLD, decoded).toString();
    expect(JSON.parse(single)).toEqual({
      embedding: { values: [0.5, 1] },
      usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 },
    });
  });
});
