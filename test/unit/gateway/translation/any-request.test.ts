import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { anthropicMessagesCodec } from "../../../../services/gateway/translation/anthropic/anthropic-messages.ts";
import { geminiGenerateContentCodec } from "../../../../services/gateway/translation/gemini/generate-content.ts";
import { openAiChatCodec } from "../../../../services/gateway/translation/openai-chat/openai-chat.ts";
import { openAiResponsesCodec } from "../../../../services/gateway/translation/openai-responses/openai-responses.ts";
import { invocationOf } from "./field-coverage.ts";

// Whatever a caller sends, it is read, or refused with the field, and the refusal says nothing of what was in it.

const SECRET = "canary-7f3a";
const DATA = `data:image/png;base64,${SECRET}`;

const REQUESTS = {
  anthropic: {
    codec: anthropicMessagesCodec,
    dialect: Dialect.DIALECT_ANTHROPIC_MESSAGES,
    body: {
      max_tokens: 5,
      system: [{ type: "text", text: SECRET, cache_control: { type: "ephemeral" } }],
      messages: [
        {
          role: "user",
          content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: SECRET } }],
        },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: SECRET, signature: SECRET },
            { type: "tool_use", id: SECRET, name: SECRET, input: { a: SECRET } },
          ],
        },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: SECRET, content: [{ type: "text", text: SECRET }] }],
        },
      ],
      tools: [{ name: SECRET, description: SECRET, input_schema: { type: "object" } }],
      tool_choice: { type: "tool", name: SECRET },
      stop_sequences: [SECRET],
    },
  },
  gemini: {
    codec: geminiGenerateContentCodec,
    dialect: Dialect.DIALECT_GEMINI_GENERATE_CONTENT,
    body: {
      systemInstruction: { parts: [{ text: SECRET }] },
      contents: [
        { role: "user", parts: [{ text: SECRET }, { inlineData: { mimeType: "image/png", data: SECRET } }] },
        {
          role: "model",
          parts: [{ functionCall: { id: SECRET, name: SECRET, args: { a: SECRET } }, thoughtSignature: SECRET }],
        },
        { role: "user", parts: [{ functionResponse: { id: SECRET, name: SECRET, response: { output: SECRET } } }] },
      ],
      tools: [
        {
          functionDeclarations: [
            { name: SECRET, parameters: { type: "OBJECT", properties: { [SECRET]: { type: "STRING" } } } },
          ],
        },
      ],
      generationConfig: { stopSequences: [SECRET], thinkingConfig: { thinkingBudget: 5 } },
    },
  },
  responses: {
    codec: openAiResponsesCodec,
    dialect: Dialect.DIALECT_OPENAI_RESPONSES,
    body: {
      instructions: SECRET,
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: SECRET },
            { type: "input_image", image_url: DATA },
          ],
        },
        { type: "reasoning", id: SECRET, summary: [{ type: "summary_text", text: SECRET }], encrypted_content: SECRET },
        { type: "function_call", call_id: SECRET, name: SECRET, arguments: JSON.stringify({ a: SECRET }) },
        { type: "function_call_output", call_id: SECRET, output: SECRET },
      ],
      tools: [{ type: "function", name: SECRET, parameters: { type: "object" } }],
      text: { format: { type: "json_schema", name: SECRET, schema: { type: "object" } } },
    },
  },
  chat: {
    codec: openAiChatCodec,
    dialect: Dialect.DIALECT_OPENAI_CHAT,
    body: {
      messages: [
        { role: "system", content: SECRET },
        {
          role: "user",
          content: [
            { type: "text", text: SECRET },
            { type: "image_url", image_url: { url: DATA } },
          ],
        },
        {
          role: "assistant",
          tool_calls: [{ id: SECRET, type: "function", function: { name: SECRET, arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: SECRET, content: SECRET },
      ],
      tools: [{ type: "function", function: { name: SECRET, parameters: { type: "object" } } }],
    },
  },
} as const;

describe.each(Object.entries(REQUESTS))("a request of %s", (_name, { codec, dialect, body }) => {
  it("is read as it is", () => {
    expect(codec.decode(invocationOf(dialect, body)).options.prompt.length).toBeGreaterThan(2);
  });

  it("is read or refused, whatever stands in the place of any of its values", () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(SECRET, [SECRET], { [SECRET]: SECRET }, { type: SECRET }, 1e300, -1),
    );
    fc.assert(
      fc.property(fc.nat(), value, fc.boolean(), (place, strange, isAdded) => {
        const changed = changedAt(body, place, strange, isAdded);
        expectReadOrRefused(() => codec.decode(invocationOf(dialect, changed)));
      }),
      { numRuns: 1_500 },
    );
  });

  it("is read or refused, whatever bytes it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const invocation: Invocation = { ...invocationOf(dialect, {}), body: Buffer.from(bytes) };
        expectReadOrRefused(() => codec.decode(invocation));
      }),
    );
  });
});

function expectReadOrRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    expect(["invalid_request", "untranslatable"]).toContain(error.kind);
    expect(`${error.message} ${error.field}`).not.toContain(SECRET);
  }
}

/** A body with a value in the place of the nth of its values, or beside it. */
function changedAt(body: object, place: number, strange: unknown, isAdded: boolean): object {
  const changed: object = structuredClone(body);
  const places = [...placesIn(changed)];
  const [holder, key] = places[place % places.length] ?? [changed, "model"];
  Reflect.set(holder, isAdded && !Array.isArray(holder) ? SECRET : key, strange);
  return changed;
}

function* placesIn(value: object): Generator<readonly [holder: object, key: string]> {
  for (const [key, inner] of Object.entries(value)) {
    yield [value, key];
    if (typeof inner === "object" && inner !== null) yield* placesIn(inner);
  }
}
