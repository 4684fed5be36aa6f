import type {
  LanguageModelV4FinishReason,
  LanguageModelV4ResponseMetadata,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { AnswerFacts } from "../core/invocation.ts";
import { coinedOf } from "../core/words.ts";
import { finishReasonOf, usageOf } from "./usage.ts";

/** Gathers what a provider says of an answer that is translated, exactly, whatever the caller's format has words for. */
export class ToldFacts {
  #response: LanguageModelV4ResponseMetadata = {};
  #finishReason: LanguageModelV4FinishReason | undefined;
  #usage: LanguageModelV4Usage | undefined;

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
      usage: this.#usage && usageOf(this.#usage),
      usageIsPartial: this.#usage === undefined,
    };
  }
}
