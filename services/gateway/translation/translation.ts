import type { AccessToken } from "../providers/google-token.ts";
import type { HttpClient } from "../providers/http-client.ts";
import type { ProviderOptions } from "../providers/kinds.ts";
import { retryAfterMsOf } from "../providers/passed-headers.ts";
import type { ProviderAnswer, ProviderRequest } from "../providers/provider.ts";
import type { AnswerNames } from "./codec.ts";
import type { Exchange } from "./exchange.ts";
import type { Models } from "./packages.ts";

/** What a provider's translations are made of. */
export interface TranslatorOptions {
  /** The provider's name. */
  readonly name: string;
  readonly options: ProviderOptions;
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Undefined: it takes a key, or a signature. */
  readonly accessToken: AccessToken | undefined;
  readonly client: HttpClient;
}

/** One translation under way. */
export interface Translation {
  readonly request: ProviderRequest;
  readonly provider: TranslatorOptions;
  /** Makes the provider's models, over a Fetch API. */
  modelsOver(fetch: typeof globalThis.fetch): Models;
  readonly exchange: Exchange;
  readonly names: AnswerNames;
}

/** An answer in the caller's format, under those of the provider's headers that pass. */
export function answerOf(
  { exchange }: Translation,
  contentType: string,
  rest: Pick<ProviderAnswer, "status" | "told" | "body">,
): ProviderAnswer {
  const others = exchange.headers.filter(([name]) => name !== "content-type");
  return {
    ...rest,
    headers: [["content-type", contentType], ...others],
    contentType,
    retryAfterMs: retryAfterMsOf(exchange.headers, Date.now()),
    addsUsage: false,
  };
}
