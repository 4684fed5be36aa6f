import type { JSONSchema7, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { given } from "../given.ts";
import { schemaIn } from "../json-schema.ts";
import { type ReasoningLevel, reasoningLevelOf } from "../reasoning-level.ts";
import { NO_WORD } from "../untranslatable.ts";
import { readSchema } from "./schema.ts";

const TEXT_ONLY = "only text can be asked for";
const MEDIA = ["speechConfig", "imageConfig", "audioTranscriptionConfig"];
const VERTEX = ["routingConfig", "modelSelectionConfig", "modelConfig"];

/** How the answer is to be made. */
export function readGenerationConfig(config: Fields): Omit<LanguageModelV4CallOptions, "prompt"> {
  config.allowOnly("candidateCount", [1], "other providers give one answer");
  config.allowOnly("responseLogprobs", [false], NO_WORD);
  config.allowOnly("logprobs", [0], NO_WORD);
  config.allowOnly("mediaResolution", ["MEDIA_RESOLUTION_UNSPECIFIED"], NO_WORD);
  config.allowOnly("audioTimestamp", [false], NO_WORD);
  config.allowOnly("enableEnhancedCivicAnswers", [false], NO_WORD);
  config.refuse(MEDIA, TEXT_ONLY);
  config.refuse(VERTEX, NO_WORD);
  if (config.texts("responseModalities")?.some((modality) => modality !== "TEXT")) {
    throw config.untranslatable("responseModalities", TEXT_ONLY);
  }
  return {
    ...given("maxOutputTokens", config.count("maxOutputTokens")),
    ...given("temperature", config.number("temperature")),
    ...given("topP", config.number("topP")),
    ...given("topK", config.number("topK")),
    ...given("presencePenalty", config.number("presencePenalty") || undefined),
    ...given("frequencyPenalty", config.number("frequencyPenalty") || undefined),
    ...given("seed", config.number("seed")),
    ...given("stopSequences", config.texts("stopSequences")),
    ...given("reasoning", config.object("thinkingConfig", readThinking)),
    ...given("responseFormat", responseFormatOf(config)),
  };
}

function responseFormatOf(config: Fields): LanguageModelV4CallOptions["responseFormat"] {
  const schema = schemaOf(config);
  config.allowOnly("responseMimeType", ["text/plain", "application/json"], "only text and JSON can be asked for");
  if (config.text("responseMimeType") !== "application/json") {
    if (schema === undefined) return undefined;
    throw config.invalid("responseMimeType", "must be application/json where there is a schema");
  }
  return { type: "json", ...given("schema", schema) };
}

/** The schema, in whichever of its three fields. */
function schemaOf(config: Fields): JSONSchema7 | undefined {
  const older = config.object("responseSchema", readSchema);
  return schemaIn(config, "responseJsonSchema") ?? schemaIn(config, "_responseJsonSchema") ?? older;
}

/** How much to think. Whether thoughts are told is up to the provider. */
function readThinking(thinking: Fields): ReasoningLevel | undefined {
  thinking.leaveOut("includeThoughts");
  const level = thinking.text("thinkingLevel")?.toLowerCase();
  const budget = thinking.number("thinkingBudget");
  if (level !== undefined && level !== "thinking_level_unspecified") {
    const known = LEVELS.find((word) => word === level);
    if (known === undefined) throw thinking.invalid("thinkingLevel", "must be MINIMAL, LOW, MEDIUM or HIGH");
    return known;
  }
  if (budget === undefined) return undefined;
  return budget < 0 ? "provider-default" : reasoningLevelOf(budget);
}

const LEVELS = ["minimal", "low", "medium", "high"] as const;
