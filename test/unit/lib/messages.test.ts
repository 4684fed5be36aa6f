import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MessagePart } from "#lib/traces/message-parts.ts";
import { answeredMessagesOf, askedMessagesOf, type Message } from "#lib/traces/messages.ts";

const text = (words: string): MessagePart => ({ kind: "text", text: words });
const image = (source: string, type: string): MessagePart => ({ kind: "image", source, type });
const said = (role: string, ...parts: readonly MessagePart[]): Message => ({ role, parts });
const PNG = "data:image/png;base64,AAAA";

const asks: readonly (readonly [format: string, request: unknown, messages: readonly Message[]])[] = [
  [
    "OpenAI's chat completions",
    {
      messages: [
        { role: "system", content: "be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "what" },
            { type: "image_url", image_url: { url: PNG } },
          ],
        },
        { role: "assistant", content: null, tool_calls: [{ id: "c", function: { name: "look", arguments: "{}" } }] },
        { role: "tool", tool_call_id: "c", content: "nothing" },
      ],
    },
    [
      said("system", text("be brief")),
      said("user", text("what"), image(PNG, "image_url")),
      said("assistant", { kind: "tool call", id: "c", name: "look", args: "{}" }),
      said("tool", { kind: "tool result", id: "c", name: "", text: "nothing" }),
    ],
  ],
  [
    "Anthropic's messages",
    {
      system: [{ type: "text", text: "be brief" }],
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
            {
              type: "tool_result",
              tool_use_id: "t",
              content: [
                { type: "text", text: "a" },
                { type: "text", text: "b" },
              ],
            },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm" },
            { type: "tool_use", id: "t", name: "look", input: { at: 1 } },
          ],
        },
      ],
    },
    [
      said("system", text("be brief")),
      said("user", image(PNG, "image/png"), { kind: "tool result", id: "t", name: "", text: "a\nb" }),
      said(
        "assistant",
        { kind: "reasoning", text: "hm" },
        { kind: "tool call", id: "t", name: "look", args: '{"at":1}' },
      ),
    ],
  ],
  [
    "Gemini's contents",
    {
      systemInstruction: { parts: [{ text: "be brief" }] },
      contents: [
        { parts: [{ text: "a" }, { inlineData: { mimeType: "image/png", data: "AAAA" } }] },
        { role: "model", parts: [{ text: "hm", thought: true }, { functionCall: { name: "look", args: { at: 1 } } }] },
        { role: "user", parts: [{ functionResponse: { name: "look", response: { found: 2 } } }] },
      ],
    },
    [
      said("system", text("be brief")),
      said("user", text("a"), image(PNG, "image/png")),
      said("model", { kind: "reasoning", text: "hm" }, { kind: "tool call", id: "", name: "look", args: '{"at":1}' }),
      said("user", { kind: "tool result", id: "", name: "look", text: '{"found":2}' }),
    ],
  ],
  [
    "OpenAI's responses",
    {
      instructions: "be brief",
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "hi" },
            { type: "input_image", image_url: PNG },
          ],
        },
        { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] },
        { type: "function_call", call_id: "c", name: "look", arguments: "{}" },
        { type: "function_call_output", call_id: "c", output: "nothing" },
      ],
    },
    [
      said("system", text("be brief")),
      said("user", text("hi"), image(PNG, "input_image")),
      said("assistant", { kind: "reasoning", text: "hm" }),
      said("assistant", { kind: "tool call", id: "c", name: "look", args: "{}" }),
      said("tool", { kind: "tool result", id: "c", name: "", text: "nothing" }),
    ],
  ],
  [
    "OpenTelemetry's input messages",
    [
      {
        role: "user",
        parts: [
          { type: "text", content: "hi" },
          { type: "blob", mime_type: "image/png", content: "AAAA" },
        ],
      },
      { role: "assistant", parts: [{ type: "tool_call", id: "c", name: "look", arguments: { at: 1 } }] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "c", response: "nothing" }] },
    ],
    [
      said("user", text("hi"), image(PNG, "image/png")),
      said("assistant", { kind: "tool call", id: "c", name: "look", args: '{"at":1}' }),
      said("tool", { kind: "tool result", id: "c", name: "", text: "nothing" }),
    ],
  ],
  [
    "the AI SDK's prompt",
    [
      { role: "user", content: [{ type: "text", text: "hi" }] },
      { role: "assistant", content: [{ type: "tool-call", toolCallId: "c", toolName: "look", input: { at: 1 } }] },
    ],
    [said("user", text("hi")), said("assistant", { kind: "tool call", id: "c", name: "look", args: '{"at":1}' })],
  ],
  [
    "LangChain's messages",
    {
      messages: [
        [
          { type: "human", content: "hi" },
          { type: "ai", content: "hello" },
        ],
      ],
    },
    [said("user", text("hi")), said("assistant", text("hello"))],
  ],
  ["texts to embed", { input: ["a", "b"] }, [said("", text("a")), said("", text("b"))]],
  ["a prompt to complete", { prompt: "once" }, [said("", text("once"))]],
];

const answers: readonly (readonly [format: string, answer: unknown, messages: readonly Message[]])[] = [
  [
    "OpenAI's chat completions",
    { choices: [{ message: { role: "assistant", content: "hi", reasoning_content: "hm" } }] },
    [said("assistant", { kind: "reasoning", text: "hm" }, text("hi"))],
  ],
  [
    "a refusal",
    { choices: [{ message: { role: "assistant", content: null, refusal: "no" } }] },
    [said("assistant", text("no"))],
  ],
  ["completions", { choices: [{ text: "hi" }] }, [said("assistant", text("hi"))]],
  [
    "Anthropic's messages",
    { role: "assistant", content: [{ type: "text", text: "hi" }] },
    [said("assistant", text("hi"))],
  ],
  ["Gemini's candidates", { candidates: [{ content: { parts: [{ text: "hi" }] } }] }, [said("model", text("hi"))]],
  [
    "OpenAI's responses",
    { output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "hi" }] }] },
    [said("assistant", text("hi"))],
  ],
  [
    "OpenTelemetry's output messages",
    [{ role: "assistant", parts: [{ type: "text", content: "hi" }] }],
    [said("assistant", text("hi"))],
  ],
];

describe("a conversation is read from", () => {
  test.each(asks)("%s", (_, request, messages) => expect(askedMessagesOf(request)).toEqual(messages));
  test.each(answers)("an answer of %s", (_, answer, messages) => expect(answeredMessagesOf(answer)).toEqual(messages));
});

test("what is no image is none, whatever says that it is one", () => {
  const html = { inlineData: { mimeType: "text/html", data: "PHNjcmlwdD4=" } };
  expect(askedMessagesOf({ contents: [{ parts: [html] }] })).toEqual([
    said("user", { kind: "other", type: "inlineData", json: html }),
  ]);
});

test("any JSON is read, or is no conversation: nothing fails", () => {
  const nested = fc.jsonValue({ maxDepth: 6 });
  const keys = fc.constantFrom("messages", "contents", "input", "choices", "candidates", "output", "content", "parts");
  fc.assert(
    fc.property(fc.dictionary(keys, nested), nested, (object, json) => {
      for (const value of [object, json]) {
        askedMessagesOf(value);
        answeredMessagesOf(value);
      }
    }),
  );
});
