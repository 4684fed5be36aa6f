import { RetentionSource } from "#proto/twinspan/trace/v1/experiment.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";

/** The words of enums, by the fields that hold them. */
const WORDS: ReadonlyMap<string, ReadonlyMap<unknown, string>> = new Map([
  ["state", wordsOf(TraceState)],
  ["source", wordsOf(RetentionSource)],
]);

/**
 * A message as JSON for programs, its spans as in OTLP's JSON: 64-bit integers as texts, ids (8 or 16 bytes under a
 * name that ends in `Id` or `Ids`) as hex, other bytes as base64, a choice under its own name. A trace's state, and
 * where a retention is from, are their words.
 */
export function messageJsonOf(message: unknown): string {
  return JSON.stringify(plainOf(message, ""), undefined, 2);
}

function plainOf(value: unknown, name: string): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString(/Ids?$/.test(name) ? "hex" : "base64");
  if (Array.isArray(value)) return value.map((item) => plainOf(item, name));
  if (typeof value !== "object" || value === null) return WORDS.get(name)?.get(value) ?? value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      isChoice(inner) ? fieldOf(inner.$case, inner.value) : fieldOf(key, inner),
    ),
  );
}

function wordsOf(values: Readonly<Record<string, number>>): ReadonlyMap<unknown, string> {
  return new Map(Object.entries(values).map(([word, number]) => [number, word]));
}

function fieldOf(key: string, value: unknown): readonly [string, unknown] {
  return [key, plainOf(value, key)];
}

/** One of several fields, as ts-proto writes it. */
function isChoice(value: unknown): value is { readonly $case: string; readonly value: unknown } {
  return typeof value === "object" && value !== null && "$case" in value && typeof value.$case === "string";
}
