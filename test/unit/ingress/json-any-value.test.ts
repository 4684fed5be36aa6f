import { expect, test } from "vitest";
import { withMlflowValues } from "../../../services/ingress/core/mlflow/json-any-value.ts";

const text = (key: string, value: string) => ({ key, value: { value: { $case: "stringValue" as const, value } } });

test("JSON text under a key of MLflow's is read as its value", () => {
  const [usage] = withMlflowValues([
    text("mlflow.chat.tokenUsage", '{"input_tokens":3,"share":0.5,"notes":[null,true]}'),
  ]);
  expect(usage?.value).toEqual({
    value: {
      $case: "kvlistValue",
      value: {
        values: [
          { key: "input_tokens", value: { value: { $case: "intValue", value: 3n } } },
          { key: "share", value: { value: { $case: "doubleValue", value: 0.5 } } },
          {
            key: "notes",
            value: {
              value: {
                $case: "arrayValue",
                value: { values: [{ value: undefined }, { value: { $case: "boolValue", value: true } }] },
              },
            },
          },
        ],
      },
    },
  });
});

test("a quoted text loses its quotes, and plain text stays as it is", () => {
  const values = withMlflowValues([text("mlflow.spanType", '"LLM"'), text("mlflow.spanType", "LLM")]);
  expect(values.map(({ value }) => value?.value?.value)).toEqual(["LLM", "LLM"]);
});

test("text under other keys, text that is no JSON, and text that nests too deep stay text", () => {
  const deep = "[".repeat(5000) + "]".repeat(5000);
  const attributes = [
    text("gen_ai.input.messages", "[]"),
    text("mlflow.spanInputs", '{"cut'),
    text("mlflow.spanInputs", deep),
  ];
  expect(withMlflowValues(attributes)).toEqual(attributes);
});
