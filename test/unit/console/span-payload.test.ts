import { expect, test } from "vitest";
import { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { inputsOf, outputsOf } from "../../../console/src/views/trace/span-payload.ts";

function spanWith(key: string, value: string): Span {
  const attributes = [{ key, value: { value: { $case: "stringValue", value } as const } }];
  return { ...Span.decode(new Uint8Array()), attributes };
}

test("a request has its messages, its tools and what it asks beside them", () => {
  const request = {
    model: "demo",
    temperature: 0.2,
    tools: [{ type: "function", function: { name: "look", description: "Looks" } }],
    messages: [{ role: "user", content: "hi" }],
  };
  expect(inputsOf(spanWith("mlflow.spanInputs", JSON.stringify(request)))).toMatchObject({
    messages: [{ role: "user", parts: [{ kind: "text", text: "hi" }] }],
    settings: [
      ["model", "demo"],
      ["temperature", "0.2"],
    ],
    tools: [{ name: "look", description: "Looks" }],
  });
});

test("other conventions are read too, and what is no conversation stays a text", () => {
  const messages = JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: "hello" }] }]);
  expect(outputsOf(spanWith("gen_ai.output.messages", messages))?.messages).toHaveLength(1);
  expect(inputsOf(spanWith("gen_ai.tool.call.arguments", '{"at":1}'))).toMatchObject({
    text: '{"at":1}',
    messages: undefined,
  });
  expect(inputsOf(spanWith("db.query", "select"))).toBeUndefined();
});
