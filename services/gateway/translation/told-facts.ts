import type {
  LanguageModelV4FinishReason,
  LanguageModelV4ResponseMetadata,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { AnswerFacts } from "../core/invocation.ts";
import { coinedOf } from "../core/words.ts";
import type { ProviderKind } from "../providers/kinds.ts";
import { earlyUsageIn, rawUsageOf } from "./raw-usage.ts";
import { finishReasonOf, usageOf } from "./usage.ts";

/** Gathers what a provider says of an answer that is translated, exactly, whatever the caller's format has words for. */
export class ToldFacts {
  #response: LanguageModelV4ResponseMetadata = {};
  #finishReason: LanguageModelV4FinishReason | undefined;
  #usage: LanguageModelV4Usage | undefined;
  #earlyUsage: Usage | undefined;
  readonly #kind: ProviderKind;

  constructor(kind: ProviderKind) {
    this.#kind = kind;
  }

  /** Takes a chunk as the provider sent it. */
  hearChunk(chunk: unknown): void {
    this.#earlyUsage = earlyUsageIn(this.#kind, chunk) ?? this.#earlyUsage;
  }

  hearResponse({ id, modelId }: LanguageModelV4ResponseMetadata): void {
    this.#response = { ...this.#response, ...(id && { id }), ...(modelId && { modelId }) };
  }

  hearEnd(finishReason: LanguageModelV4FinishReason, usage: LanguageModelV4Usage): void {
    this.#finishReason = finishReason;
    this.#usage = usage;
  }

  /** What is known so far. An id that the provider does not say is left to the translation, which gives one to the caller. */
  facts(): Partial<AnswerFacts> {
    const responseId = coinedOf(this.#response.id);
    return {
      ...(responseId === undefined ? {} : { responseId }),
      responseModel: coinedOf(this.#response.modelId),
      finishReasons: this.#finishReason === undefined ? [] : [finishReasonOf(this.#finishReason)],
      usage: this.#usageSoFar(),
      usageIsPartial: this.#usage === undefined,
    };
  }

  #usageSoFar(): Usage | undefined {
    if (this.#usage === undefined) return this.#earlyUsage;
    return rawUsageOf(this.#kind, this.#usage.raw) ?? usageOf(this.#usage);
  }
}
