import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { KnownWords } from "../../filter/filter-completion.ts";

/** What is offered of a field is at most so much. */
const WORDS_MAX = 100;

/** Values and keys that are known, for who writes a filter: what the endpoints are, and what is in the traces that were read. */
export function knownWordsOf(endpoints: readonly Endpoint[], traces: readonly TraceInfo[]): KnownWords {
  const known = new Map<string, Set<string>>();
  const add = (field: string, word: string | undefined) => {
    if (word === undefined || word === "") return;
    const words = known.get(field) ?? new Set();
    if (words.size < WORDS_MAX) known.set(field, words.add(word));
  };
  for (const { name, models } of endpoints) {
    add("endpoint", name);
    for (const { provider, model } of models) {
      add("provider", provider);
      add("model", model);
    }
  }
  for (const { name, metadata, tags } of traces) {
    add("name", name);
    add("caller", metadata["mlflow.gateway.caller"]);
    add("session", metadata["mlflow.trace.session"]);
    add("user", metadata["mlflow.trace.user"]);
    for (const key of Object.keys(tags)) add("tags.", key);
    for (const key of Object.keys(metadata)) add("metadata.", key);
  }
  return new Map(Array.from(known, ([field, words]) => [field, [...words].toSorted()]));
}
