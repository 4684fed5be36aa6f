import { retryAfterMsOf } from "../providers/passed-headers.ts";
import type { ProviderAnswer, ProviderRequest } from "../providers/provider.ts";
import type { Sender } from "../providers/sender.ts";
import type { AnswerNames } from "./codec.ts";
import type { Models } from "./packages.ts";
import type { ProviderRequests } from "./provider-requests.ts";

/** One translation under way. */
export interface Translation {
  readonly request: ProviderRequest;
  readonly provider: Sender;
  /** Makes the provider's models, over a Fetch API. */
  modelsOver(fetch: typeof globalThis.fetch): Models;
  readonly providerRequests: ProviderRequests;
  readonly names: AnswerNames;
}

/** An answer in the caller's format, under those of the provider's headers that pass. */
export function answerOf(
  { providerRequests }: Translation,
  contentType: string,
  rest: Pick<ProviderAnswer, "status" | "told" | "body">,
): ProviderAnswer {
  const others = providerRequests.headers.filter(([name]) => name !== "content-type");
  return {
    ...rest,
    headers: [["content-type", contentType], ...others],
    contentType,
    retryAfterMs: retryAfterMsOf(providerRequests.headers, Date.now()),
    addsUsage: false,
  };
}
