import { expect, test } from "vitest";
import { readAttributes } from "#lib/spans/read-attributes.ts";
import { requestWordsOf } from "#lib/spans/words.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import {
  costOfAttributes,
  isModelCall,
  usageOfAttributes,
} from "../../../services/trace-writer/core/spans/span-usage.ts";
import { attributes } from "../../service/trace-writer/sample-traces.ts";

const read = (values: Parameters<typeof attributes>[0]) => readAttributes(attributes(values));

test("a usage is read from OpenTelemetry's, OpenInference's and MLflow's keys", () => {
  const expected = { inputTokens: 3n, outputTokens: 4n };
  const mlflow = JSON.stringify({ input_tokens: 3, output_tokens: 4 });
  for (const values of [
    { "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 4 },
    { "gen_ai.usage.prompt_tokens": 3, "gen_ai.usage.completion_tokens": 4 },
    { "llm.token_count.prompt": 3, "llm.token_count.completion": 4 },
    { "mlflow.chat.tokenUsage": mlflow },
  ]) {
    expect(usageOfAttributes(read(values))).toMatchObject(expected);
  }
});

test("what is no count of tokens is left out, whatever an agent sends", () => {
  for (const value of ["3", -1, 1.5, 1e15, true]) {
    expect(usageOfAttributes(read({ "gen_ai.usage.input_tokens": value }))).toBeUndefined();
  }
  for (const text of ["", "[", "null", "[1]", '"text"', '{"input_tokens":"3"}', '{"input_tokens":-3}']) {
    expect(usageOfAttributes(read({ "mlflow.chat.tokenUsage": text }))).toBeUndefined();
  }
});

test("a cost is read to the billionth of a dollar", () => {
  const text = JSON.stringify({ input_cost: 0.000_000_123, output_cost: 0.3, total_cost: 0.300_000_123 });
  expect(costOfAttributes(read({ "mlflow.llm.cost": text }))).toEqual({
    inputNanoUsd: 123n,
    outputNanoUsd: 300_000_000n,
    totalNanoUsd: 300_000_123n,
  });
});

test("an agent's span with the sum of its children's tokens is no call of a model", () => {
  const tokens = { "gen_ai.usage.input_tokens": 3 };
  const isCall = (values: Parameters<typeof attributes>[0]) =>
    isModelCall(read(values), usageOfAttributes(read(values)));
  expect(isCall({ ...tokens, "gen_ai.operation.name": "invoke_agent" })).toBe(false);
  expect(isCall({ ...tokens, "mlflow.spanType": '"CHAIN"' })).toBe(false);
  expect(isCall({ ...tokens, "mlflow.spanType": '"CHAT_MODEL"' })).toBe(true);
  expect(isCall({ ...tokens, "openinference.span.kind": "LLM" })).toBe(true);
  expect(isCall(tokens)).toBe(true);
  expect(isCall({ "some.key": 1 })).toBe(false);
});

test("the attempts of every kind of request that can cost tokens are calls of a model", () => {
  const operations = Object.values(RequestType)
    .filter((type) => typeof type === "number")
    .flatMap((type) => requestWordsOf(type)?.operation ?? [])
    .filter((operation) => operation !== "count_tokens");
  expect(operations.length).toBeGreaterThan(8);
  for (const operation of operations) {
    expect(isModelCall(read({ "gen_ai.operation.name": operation }), undefined), operation).toBe(true);
  }
});
