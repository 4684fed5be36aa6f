import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { attributesOf } from "#lib/spans/attributes.ts";
import { CONVENTIONS } from "#lib/spans/conventions.ts";
import { isPayloadKey, payloadOf, saidOf, spanTypeOf } from "#lib/spans/meanings.ts";
import { readAttributes } from "#lib/spans/read-attributes.ts";
import { textOfValue } from "#lib/spans/value-text.ts";
import type { AnyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import { isModelCall, usageOfAttributes } from "../../../services/trace-writer/core/spans/span-usage.ts";
import { RECORDED_SPANS } from "../../traces/recorded-spans.ts";

const MEANINGS = ["provider", "requestModel", "responseModel", "responseId", "session", "user", "toolName"] as const;

test.each(RECORDED_SPANS)("a span of $by is understood", (recorded) => {
  const span = { attributes: attributesOf(recorded.attributes), events: [] };
  const attributes = readAttributes(span.attributes);
  const usage = usageOfAttributes(attributes);
  expect(spanTypeOf(attributes)).toBe(recorded.type);
  expect(isModelCall(attributes, usage)).toBe(recorded.isModelCall);
  for (const meaning of MEANINGS) {
    const said = recorded.says?.[meaning];
    if (said !== undefined) expect(saidOf(attributes, meaning), meaning).toBe(said);
  }
  if (recorded.usage !== undefined) expect(usage).toMatchObject(recorded.usage);
  expect(jsonOf(payloadOf(span, "inputs"))).toEqual(recorded.inputs);
  expect(jsonOf(payloadOf(span, "outputs"))).toEqual(recorded.outputs);
});

test("of several conventions OpenTelemetry's words count first, and MLflow's payload", () => {
  const attributes = attributesOf({
    "openinference.span.kind": "CHAIN",
    "gen_ai.operation.name": "chat",
    "ai.model.id": "third",
    "mlflow.llm.model": "second",
    "gen_ai.request.model": "first",
    "input.value": "third",
    "gen_ai.input.messages": "second",
    "mlflow.spanInputs": "first",
  });
  expect(spanTypeOf(readAttributes(attributes))).toBe("CHAT_MODEL");
  expect(saidOf(readAttributes(attributes), "requestModel")).toBe("first");
  expect(jsonOf(payloadOf({ attributes, events: [] }, "inputs"))).toBe("first");
});

test("messages that are in events are found there, and a prompt's name is no message", () => {
  const event = {
    name: "gen_ai.client.inference.operation.details",
    timeUnixNano: 1n,
    droppedAttributesCount: 0,
    attributes: attributesOf({ "gen_ai.input.messages": "[]" }),
  };
  const attributes = attributesOf({ "gen_ai.prompt.name": "greeting", "input.value": "" });
  expect(jsonOf(payloadOf({ attributes, events: [event] }, "inputs"))).toEqual([]);
  expect(payloadOf({ attributes, events: [{ ...event, name: "log" }] }, "inputs")).toBeUndefined();
});

test("messages that were cut into attributes are put together in their order, whatever order they come in", () => {
  const attributes = attributesOf({
    "gen_ai.prompt.10.content": "c",
    "gen_ai.prompt.2.content": "b",
    "gen_ai.prompt.2.__proto__.x": "p",
    [`gen_ai.prompt.0${".deep".repeat(100)}`]: "a",
  });
  const found = payloadOf({ attributes, events: [] }, "inputs")?.value;
  expect(found?.$case === "arrayValue" && found.value.values.length).toBe(3);
  expect(JSON.stringify(jsonOf({ value: found }))).toMatch(/"a".*"b".*"c"/);
});

test("every key of inputs and outputs is known as payload", () => {
  for (const key of [
    "ai.response.text",
    "llm.input_messages.0.message.content",
    "traceloop.entity.input",
    "input.value",
  ]) {
    expect(isPayloadKey(key)).toBe(true);
  }
  expect(isPayloadKey("gen_ai.request.model")).toBe(false);
});

test("docs/conventions.md has every attribute that is understood", () => {
  const page = readFileSync("docs/conventions.md", "utf8");
  for (const { name, types, texts, counts, payload } of CONVENTIONS) {
    expect(page, name).toContain(name);
    const keys = [
      ...types.map(({ key }) => key),
      ...[texts, counts, payload].flatMap((part) => Object.values(part).flat()),
    ];
    for (const key of keys) expect(page, key).toContain(`\`${key}`);
  }
});

function jsonOf(value: AnyValue | undefined): unknown {
  if (value === undefined) return undefined;
  const text = textOfValue(value);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
