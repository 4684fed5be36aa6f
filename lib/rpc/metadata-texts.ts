import type { Metadata } from "@grpc/grpc-js";
import type { TextMapGetter } from "@opentelemetry/api";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";

/** What a call's metadata says in text. Names are in lower case; what is binary is left out. */
export interface MetadataTexts {
  /** Each name once. */
  names(): string[];
  /** The first value under a name. Undefined: there is none. */
  get(name: string): string | undefined;
  /** All values under a name, in order. */
  all(name: string): string[];
}

/** The texts of a call of its own. */
export function textsOf(metadata: Metadata): MetadataTexts {
  const all = (name: string) => metadata.get(name).filter((value) => typeof value === "string");
  return { names: () => Object.keys(metadata.getMap()), get: (name) => all(name)[0], all };
}

/** The texts of a list of headers. There are few of them: looking through a list costs less than making a map of it. */
export class HeaderTexts implements MetadataTexts {
  readonly #headers: readonly Header[];

  constructor(headers: readonly Header[]) {
    this.#headers = headers;
  }

  names(): string[] {
    return [...new Set(this.#headers.map(({ name }) => name))];
  }

  get(name: string): string | undefined {
    for (const header of this.#headers) if (header.name === name) return header.value;
    return undefined;
  }

  all(name: string): string[] {
    return this.#headers.filter((header) => header.name === name).map(({ value }) => value);
  }
}

/** Reads the caller's context as instrumentation-grpc does of a call. */
export const metadataTextsGetter: TextMapGetter<MetadataTexts> = {
  keys: (texts) => texts.names(),
  get: (texts, key) => texts.all(key),
};
