import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { CONVENTIONS, PAYLOAD_CONVENTIONS, type PayloadMeaning, type TextMeaning } from "./conventions.ts";
import { gathered } from "./gathered-value.ts";
import { type Attributes, integerOf, readAttributes, textOf, unquotedOf } from "./read-attributes.ts";
import { USAGE_FIELDS } from "./usage.ts";

const MODEL_CALLS = new Set(["LLM", "CHAT_MODEL", "EMBEDDING"]);

/** Whether a type of spans is that of calls of a model. */
export function isModelCallType(type: string): boolean {
  return MODEL_CALLS.has(type);
}

/** The kind of work that a span says it is, as one of MLflow's types of spans. Undefined: it says none that is known. */
export function spanTypeOf(attributes: Attributes): string | undefined {
  for (const { types } of CONVENTIONS) {
    for (const { key, words, otherwise } of types) {
      const word = unquotedOf(attributes, key);
      if (word === undefined || word.toUpperCase() === "UNKNOWN") continue;
      const type = words === "same" ? word : Object.hasOwn(words, word) ? words[word] : otherwise;
      if (type !== undefined) return type;
    }
  }
  return undefined;
}

/** What a span says in words, by the first convention in which it does. Undefined: in none. */
export function saidOf(attributes: Attributes, meaning: TextMeaning): string | undefined {
  return unquotedOf(attributes, ...TEXT_KEYS[meaning]);
}

/** A count of tokens, likewise. */
export function countOf(attributes: Attributes, field: (typeof USAGE_FIELDS)[number]): bigint | undefined {
  return integerOf(attributes, ...(COUNT_KEYS.get(field) ?? []));
}

const textKeysOf = (meaning: TextMeaning) => CONVENTIONS.flatMap(({ texts }) => texts[meaning] ?? []);
/** The attributes that say something in words, those of the first convention first. */
const TEXT_KEYS: Readonly<Record<TextMeaning, readonly string[]>> = {
  provider: textKeysOf("provider"),
  requestModel: textKeysOf("requestModel"),
  responseModel: textKeysOf("responseModel"),
  responseId: textKeysOf("responseId"),
  session: textKeysOf("session"),
  user: textKeysOf("user"),
  toolName: textKeysOf("toolName"),
};
/** Likewise those that count tokens. */
const COUNT_KEYS: ReadonlyMap<(typeof USAGE_FIELDS)[number], readonly string[]> = new Map(
  USAGE_FIELDS.map((field) => [field, CONVENTIONS.flatMap(({ counts }) => counts[field] ?? [])]),
);

/**
 * The inputs or outputs of a span, whole: a text as it is, messages that were cut into an attribute each put together
 * again. Older GenAI instrumentations have them in events. Undefined: there are none.
 */
export function payloadOf(span: Pick<Span, "attributes" | "events">, meaning: PayloadMeaning): AnyValue | undefined {
  const events = span.events.filter(({ name }) => name.startsWith("gen_ai."));
  for (const attributes of [span.attributes, ...events.map((event) => event.attributes)]) {
    const found = payloadIn(attributes, meaning);
    if (found !== undefined) return found;
  }
  return undefined;
}

function payloadIn(attributes: readonly KeyValue[], meaning: PayloadMeaning): AnyValue | undefined {
  const byKey = readAttributes(attributes);
  for (const { payload } of PAYLOAD_CONVENTIONS) {
    for (const key of payload[meaning]) {
      const value = key.endsWith(".") ? gathered(byKey, key) : byKey.get(key);
      const isEmpty =
        value?.value === undefined || (value.value.$case === "stringValue" && textOf(byKey, key) === undefined);
      if (!isEmpty) return value;
    }
  }
  return undefined;
}

/** Whether a key holds inputs or outputs in one of the conventions. */
export function isPayloadKey(key: string): boolean {
  return EXACT.has(key) || PREFIXES.some((prefix) => key.startsWith(prefix));
}

const KEYS = CONVENTIONS.flatMap(({ payload }) => [...payload.inputs, ...payload.outputs]);
const EXACT = new Set(KEYS.filter((key) => !key.endsWith(".")));
const PREFIXES = KEYS.filter((key) => key.endsWith("."));
