import type { Fields } from "../fields.ts";
import { NO_WORD } from "../untranslatable.ts";

/** Reads the fields of a request that have no translation: they are refused, unless they say what holds without them. */
export function refuseTheRest(request: Fields): void {
  request.leaveOut("model");
  // They say how OpenAI keeps the prompt, which changes no answer.
  request.leaveOut("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention");
  request.allowOnly("n", [1], "other providers give one answer");
  request.allowOnly("logprobs", [false], NO_WORD);
  request.allowOnly("top_logprobs", [0], NO_WORD);
  request.allowOnly("store", [false], "the answer would not be stored");
  request.allowOnly("service_tier", ["auto", "default"], NO_WORD);
  request.allowOnly("verbosity", ["medium"], NO_WORD);
  request.allowOnly("function_call", ["auto", "none"], "it is the older form of `tool_choice`");
  request.refuse(["functions"], "it is the older form of `tools`");
  request.refuse(["audio", "prediction", "moderation", "web_search_options"], NO_WORD);
  refuseUnlessEmpty(request, "logit_bias", "tokens are not the same for other providers");
  refuseUnlessEmpty(request, "metadata", "it belongs to stored answers");
  if (request.texts("modalities")?.some((modality) => modality !== "text")) {
    throw request.untranslatable("modalities", "only text can be asked for");
  }
}

function refuseUnlessEmpty(request: Fields, name: string, why: string): void {
  const value = request.json(name);
  if (value !== undefined && Object.keys(value).length > 0) throw request.untranslatable(name, why);
}
