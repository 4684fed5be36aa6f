import fc from "fast-check";
import { expect, test } from "vitest";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { NO_FACTS } from "../../../services/gateway/core/invocation.ts";
import type { DialectSupport } from "../../../services/gateway/dialects/dialect.ts";
import { geminiCountTokens } from "../../../services/gateway/dialects/gemini/count-tokens.ts";
import {
  geminiBatchEmbedContents,
  geminiEmbedContent,
} from "../../../services/gateway/dialects/gemini/embed-content.ts";
import {
  geminiGenerateContent,
  geminiStreamGenerateContent,
} from "../../../services/gateway/dialects/gemini/generate-content.ts";

const METHODS: [method: string, dialect: DialectSupport][] = [
  ["generateContent", geminiGenerateContent],
  ["streamGenerateContent", geminiStreamGenerateContent],
  ["embedContent", geminiEmbedContent],
  ["batchEmbedContents", geminiBatchEmbedContents],
  ["countTokens", geminiCountTokens],
];

const read = (dialect: DialectSupport, body: string, also: Partial<Invocation> = {}) =>
  dialect.readRequest({
    dialect: Dialect.DIALECT_GEMINI_GENERATE_CONTENT,
    endpoint: "demo",
    body: Buffer.from(body),
    target: undefined,
    headers: [],
    credentials: [],
    ...also,
  });
const answered = (dialect: DialectSupport, answer: unknown) => dialect.readAnswer(Buffer.from(JSON.stringify(answer)));

test.each(METHODS)("%s: the path has the provider's model, and the body goes as it came", (method, dialect) => {
  const sent = read(dialect, ' {"contents": [ {"parts":[{"text":"1e400"}]} ] }\n');
  expect(sent).toMatchObject({ endpointName: "demo", fault: undefined, streaming: method === "streamGenerateContent" });
  const relayed = sent.relayed("gemini-2.5-flash", true);
  expect(relayed).toMatchObject({ method: "POST", path: `/models/gemini-2.5-flash:${method}`, headers: [] });
  expect(relayed.body.toString()).toBe(' {"contents": [ {"parts":[{"text":"1e400"}]} ] }\n');
  expect(sent.relayed("models/x", true).path).toBe(`/models/x:${method}`);
  expect(sent.relayed("tunedModels/my model", true).path).toBe(`/tunedModels/my%20model:${method}`);
});

test("the caller's query goes on, but for credentials in it", () => {
  const target = { method: "", path: "", query: "alt=sse&key=secret&prettyPrint=false" };
  expect(read(geminiStreamGenerateContent, "{}", { target }).relayed("m", true).path).toBe(
    "/models/m:streamGenerateContent?alt=sse&prettyPrint=false",
  );
});

test("what is a stream is for the answer to say, as events or as an array", () => {
  const sent = read(geminiStreamGenerateContent, "{}");
  expect(["text/event-stream", "application/json; charset=utf-8", "text/html"].map(sent.isStream)).toEqual([
    true,
    true,
    false,
  ]);
  expect(read(geminiGenerateContent, "{}").isStream("application/json")).toBe(false);
});

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map((each) => JSON.stringify(each)),
  fc.constantFrom("1e400", "0.10", "12345678901234567890", '"models/demo"', '{"model":"models/demo"}'),
);
/** A request as text, with `@MODEL@` where it names its model, so often as it likes. */
const request = (also: fc.Arbitrary<string>) =>
  fc
    .tuple(
      fc.uniqueArray(fc.tuple(fc.constantFrom("content", "contents", "taskType", "modelx"), value), {
        selector: ([name]) => name,
        maxLength: 3,
      }),
      fc.option(fc.constant('"model" : @MODEL@'), { nil: undefined }),
      also,
      fc.constantFrom("", " ", "\n\t"),
    )
    .map(([others, model, inner, space]) => {
      const members = [...others.map(([name, each]) => `${space}"${name}":${space}${each}`), model, inner || undefined];
      return `{${members.filter((member) => member !== undefined).join(`${space},`)}${space}}`;
    });
const plain = request(fc.constant(""));

test.each([
  ["of a batch", fc.array(plain, { maxLength: 5 }).map((inner) => `"requests": [ ${inner.join(" ,")}\n]`)],
  ["to be counted", plain.map((inner) => `"generateContentRequest":${inner}`)],
  ["to be counted, in Google's other spelling", plain.map((inner) => `"generate_content_request": ${inner}`)],
])("the models within the requests %s are renamed, and no other byte changes", (_what, inner) => {
  fc.assert(
    fc.property(request(inner), (template) => {
      const sent = read(geminiBatchEmbedContents, template.replaceAll("@MODEL@", '"models/demo"'));
      expect(sent.fault).toBeUndefined();
      const expected = template.replaceAll("@MODEL@", '"models/gemini-embedding-001"');
      expect(sent.relayed("gemini-embedding-001", true).body.toString()).toBe(expected);
    }),
    { numRuns: 400 },
  );
});

test.each([
  ["", "{}", undefined, "model"],
  ["demo", "canary", "demo", undefined],
  ["demo", "[]", "demo", undefined],
  ["demo", '{"model":"a","model":"b"}', "demo", undefined],
  ["demo", '{"requests":{"canary":1}}', "demo", "requests"],
  ["demo", '{"requests":[{}, 7]}', "demo", "requests[1]"],
  ["demo", '{"requests":[{"model":"a","model":"b"}]}', "demo", "requests[0]"],
  ["demo", '{"requests":[{},]}', "demo", "requests"],
  ["demo", '{"generateContentRequest":[]}', "demo", "generateContentRequest"],
])("endpoint %j with %j is refused, with the field at fault", (endpoint, body, endpointName, field) => {
  const { fault, ...rest } = read(geminiBatchEmbedContents, body, { endpoint });
  expect(rest).toMatchObject({ endpointName });
  expect(fault).toMatchObject({ kind: "invalid_request" });
  expect(fault?.field).toBe(field);
  expect(fault?.message).not.toContain("canary");
});

test("what is null is not there", () => {
  const body = '{"requests":null,"generateContentRequest":null}';
  const sent = read(geminiCountTokens, body);
  expect(sent.fault).toBeUndefined();
  expect(sent.relayed("m", true).body.toString()).toBe(body);
});

test("generated content says what it came to", () => {
  const usageMetadata = {
    promptTokenCount: 20,
    toolUsePromptTokenCount: 5,
    cachedContentTokenCount: 8,
    candidatesTokenCount: 7,
    thoughtsTokenCount: 3,
    totalTokenCount: 35,
    promptTokensDetails: [
      { modality: "TEXT", tokenCount: 16 },
      { modality: "AUDIO", tokenCount: 4 },
    ],
    toolUsePromptTokensDetails: [{ modality: "AUDIO", tokenCount: 1 }],
    candidatesTokensDetails: [{ modality: "AUDIO", tokenCount: 2 }],
  };
  const candidates = [
    { content: { parts: [{ text: "a" }] }, finishReason: "STOP" },
    { content: { parts: [{ functionCall: { name: "n" } }] }, finishReason: "STOP" },
    { finishReason: "SAFETY" },
    {},
  ];
  expect(answered(geminiGenerateContent, { candidates, usageMetadata, modelVersion: "g", responseId: "r" })).toEqual({
    responseId: "r",
    responseModel: "g",
    finishReasons: [
      FinishReason.FINISH_REASON_STOP,
      FinishReason.FINISH_REASON_TOOL_CALLS,
      FinishReason.FINISH_REASON_CONTENT_FILTER,
    ],
    usage: {
      inputTokens: 25n,
      outputTokens: 10n,
      totalTokens: 35n,
      cacheReadInputTokens: 8n,
      reasoningOutputTokens: 3n,
      audioInputTokens: 5n,
      audioOutputTokens: 2n,
    },
    usageIsPartial: false,
    firstTokenNanos: undefined,
  });
  const blocked = answered(geminiGenerateContent, { promptFeedback: { blockReason: "SAFETY" } });
  expect(blocked.finishReasons).toEqual([FinishReason.FINISH_REASON_CONTENT_FILTER]);
  for (const other of [{}, [], { choices: [] }]) {
    expect(() => answered(geminiGenerateContent, other)).toThrow("not generated content");
  }
});

test.each([
  ["STOP", FinishReason.FINISH_REASON_STOP],
  ["MAX_TOKENS", FinishReason.FINISH_REASON_LENGTH],
  ["SAFETY", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["RECITATION", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["BLOCKLIST", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["PROHIBITED_CONTENT", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["SPII", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["IMAGE_SAFETY", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["MALFORMED_FUNCTION_CALL", FinishReason.FINISH_REASON_OTHER],
  ["LANGUAGE", FinishReason.FINISH_REASON_OTHER],
  ["SOMETHING_NEW", FinishReason.FINISH_REASON_OTHER],
])("a candidate that ended for %s has the finish reason %i", (finishReason, expected) => {
  expect(answered(geminiGenerateContent, { candidates: [{ finishReason }] }).finishReasons).toEqual([expected]);
});

test("a usage is read where it counts something, and never guessed", () => {
  for (const usageMetadata of [null, 7, [], {}, { promptTokenCount: -1 }, { totalTokenCount: 3 }]) {
    expect(answered(geminiGenerateContent, { candidates: [], usageMetadata }).usage).toBeUndefined();
  }
  expect(
    answered(geminiGenerateContent, { candidates: [], usageMetadata: { promptTokenCount: 3 } }).usage,
  ).toMatchObject({
    inputTokens: 3n,
    outputTokens: 0n,
    totalTokens: 3n,
  });
});

test("embeddings say their usage where they have one", () => {
  const counted = (tokenCount: number) => ({ values: [1], statistics: { tokenCount } });
  const usageOf = (answer: object) => answered(geminiBatchEmbedContents, answer).usage;
  expect(answered(geminiEmbedContent, { embedding: { values: [0.5] } })).toEqual(NO_FACTS);
  expect(usageOf({ embedding: { values: [] }, usageMetadata: { promptTokenCount: 7 } })).toMatchObject({
    inputTokens: 7n,
    totalTokens: 7n,
  });
  expect(usageOf({ embeddings: [counted(2), counted(3)] })).toEqual({ inputTokens: 5n, totalTokens: 5n });
  expect(usageOf({ embeddings: [counted(2), { values: [1] }] })).toBeUndefined();
  expect(() => usageOf({ data: [] })).toThrow("not an embedding");
});

test("counted tokens are an answer and no usage", () => {
  expect(answered(geminiCountTokens, { totalTokens: 31, promptTokensDetails: [] })).toEqual(NO_FACTS);
  expect(() => answered(geminiCountTokens, { totalTokens: "31" })).toThrow("not a count");
});
