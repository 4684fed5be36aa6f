import { requestWordsOf } from "#lib/spans/words.ts";
import type { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { AnswerFacts, Payload } from "../invocation.ts";
import { estimatedInputTokens, estimatedOutputTokens } from "./estimated-tokens.ts";

/** An answer of 2xx that has begun: what is known of it when its attempt ends, whether it came to its end or was cut. */
export interface BegunAnswer {
  readonly requestType: RequestType;
  /** What it said about itself so far. */
  readonly facts: AnswerFacts;
  /** The request, in JSON. Asked for only where tokens must be estimated. */
  request(): Buffer;
  /** The answer so far, in JSON. Likewise. */
  reduced(): Payload | undefined;
}

/** Which tokens a kind of request has, by its operation. Operations that are not here are never estimated. */
const ESTIMATED: ReadonlyMap<string, "input" | "both"> = new Map([
  ["chat", "both"],
  ["generate_content", "both"],
  ["compact", "both"],
  ["embeddings", "input"],
]);

/**
 * The usage of an answer: what the provider said, exactly; and what it did not come to say, estimated from the texts of
 * the request and the answer so far, and marked so. Of an answer that was cut, the count of its output that came last
 * may be one of its beginning: the estimate is taken where it is larger. Undefined: nothing was said, and nothing can
 * be estimated.
 */
export function usageOfAnswer({ requestType, facts, request, reduced }: BegunAnswer): Usage | undefined {
  const { usage, usageIsPartial } = facts;
  const estimated = ESTIMATED.get(requestWordsOf(requestType)?.operation ?? "");
  if (estimated === undefined) return usage;
  const lacksOutput = estimated === "both" && (usage?.outputTokens === undefined || usageIsPartial);
  if (usage?.inputTokens !== undefined && !lacksOutput) return usage;
  const inputTokens = usage?.inputTokens ?? estimatedInputTokens(request());
  const outputTokens = lacksOutput ? outputTokensOf(usage, reduced()) : usage?.outputTokens;
  return { ...usage, inputTokens, outputTokens, totalTokens: inputTokens + (outputTokens ?? 0n), estimated: true };
}

/**
 * The usage to expect of a request whose answer has `answerTokens`, estimated from its texts. `request`: it in JSON.
 * Undefined: its kind is never estimated.
 */
export function expectedUsageOf(
  requestType: RequestType,
  request: () => Buffer,
  answerTokens: bigint,
): Usage | undefined {
  const estimated = ESTIMATED.get(requestWordsOf(requestType)?.operation ?? "");
  if (estimated === undefined) return undefined;
  const inputTokens = estimatedInputTokens(request());
  const outputTokens = estimated === "both" ? answerTokens : 0n;
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens, estimated: true };
}

/** Whether no provider takes money for a kind of request. */
export function isFree(requestType: RequestType): boolean {
  return requestWordsOf(requestType)?.operation === "count_tokens";
}

function outputTokensOf(usage: Usage | undefined, answer: Payload | undefined): bigint {
  const said = usage?.outputTokens ?? 0n;
  const estimated = answer === undefined ? 0n : estimatedOutputTokens(answer.bytes);
  return said > estimated ? said : estimated;
}
