import { countOf, isModelCallType, payloadOf, saidOf, spanTypeOf } from "#lib/spans/meanings.ts";
import { type Attributes, readAttributes } from "#lib/spans/read-attributes.ts";
import { mlflowUsageOf, USAGE_FIELDS } from "#lib/spans/usage.ts";
import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

/**
 * A span's attributes as sent, and behind them those of MLflow's that it has not and another convention says: so that
 * MLflow shows its type, inputs, outputs, model and tokens.
 */
export function mlflowAttributesOf(span: Pick<Span, "attributes" | "events">): readonly KeyValue[] {
  const attributes = readAttributes(span.attributes);
  const type = spanTypeOf(attributes);
  const added: Readonly<Record<string, AnyValue | undefined>> = {
    "mlflow.spanType": textValue(type),
    "mlflow.spanInputs": payloadOf(span, "inputs"),
    "mlflow.spanOutputs": payloadOf(span, "outputs"),
    ...(type === "TOOL" ? { "mlflow.spanFunctionName": textValue(saidOf(attributes, "toolName")) } : {}),
    ...(type !== undefined && isModelCallType(type) ? callAttributesOf(attributes) : {}),
  };
  const missing = Object.entries(added).flatMap(([key, value]) =>
    value === undefined || attributes.has(key) ? [] : [{ key, value }],
  );
  return [...span.attributes, ...missing];
}

function callAttributesOf(attributes: Attributes): Readonly<Record<string, AnyValue | undefined>> {
  const counts = USAGE_FIELDS.map((field) => [field, countOf(attributes, field)] as const);
  const isSaid = counts.some(([, count]) => count !== undefined);
  return {
    "mlflow.llm.model": textValue(saidOf(attributes, "responseModel") ?? saidOf(attributes, "requestModel")),
    "mlflow.llm.provider": textValue(saidOf(attributes, "provider")),
    "mlflow.chat.tokenUsage": isSaid ? textValue(mlflowUsageOf(Object.fromEntries(counts))) : undefined,
  };
}

function textValue(value: string | undefined): AnyValue | undefined {
  return value === undefined ? undefined : { value: { $case: "stringValue", value } };
}
