import { expect, test } from "vitest";
import { answeredLinesOf, askedLinesOf } from "../../../cli/trace/message-lines.ts";

const asks: [string, unknown, string[]][] = [
  [
    "chat completions",
    {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "what" },
            { type: "image_url", image_url: { url: "data:" } },
          ],
        },
        { role: "assistant", tool_calls: [{ function: { name: "look", arguments: "{}" } }] },
      ],
    },
    ["user: what [image]", "assistant: look({})"],
  ],
  [
    "Anthropic's messages",
    { messages: [{ role: "assistant", content: [{ type: "tool_use", name: "look", input: { at: 1 } }] }] },
    ['assistant: look({"at":1})'],
  ],
  ["Gemini's contents", { contents: [{ parts: [{ text: "a" }, { inlineData: {} }] }] }, ["user: a [inlineData]"]],
  ["a responses text", { input: "hi" }, ["hi"]],
  [
    "a responses list",
    {
      input: [
        { role: "user", content: [{ type: "input_text", text: "hi" }] },
        { type: "reasoning", summary: [] },
      ],
    },
    ["user: hi", "assistant: [reasoning]"],
  ],
  ["texts to embed", { input: ["a", "b"] }, ["a", "b"]],
];
test.each(asks)("%s is read as a conversation", (_, request, lines) => {
  expect(askedLinesOf(JSON.stringify(request))).toEqual(lines);
});

const answers: [string, unknown, string[]][] = [
  ["chat completions", { choices: [{ message: { role: "assistant", content: "hi" } }] }, ["assistant: hi"]],
  ["Anthropic's messages", { role: "assistant", content: [{ type: "text", text: "hi" }] }, ["assistant: hi"]],
  [
    "Gemini's contents",
    { candidates: [{ content: { role: "model", parts: [{ functionCall: { name: "look" } }] } }] },
    ["model: look({})"],
  ],
  [
    "responses",
    {
      output: [
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "hi" }] },
        { type: "function_call", name: "look", arguments: "{}" },
      ],
    },
    ["assistant: hi", "assistant: look({})"],
  ],
];
test.each(answers)("an answer of %s is read as what was said", (_, answer, lines) => {
  expect(answeredLinesOf(JSON.stringify(answer))).toEqual(lines);
});

test("what is no conversation is not read as one", () => {
  for (const text of ['{"data":[]}', '{"messages":[', "hello", "{}"]) {
    expect(askedLinesOf(text)).toBeUndefined();
    expect(answeredLinesOf(text)).toBeUndefined();
  }
});
