import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DecodedChat } from "../codec.ts";
import { type Fields, readBody } from "../fields.ts";
import { given } from "../given.ts";
import { schemaIn } from "../json-schema.ts";
import { openAiExtrasOf } from "../openai-extras.ts";
import { NO_WORD } from "../untranslatable.ts";
import { readInput } from "./input.ts";
import { refuseTheRest } from "./refused-fields.ts";
import { readToolChoice, readTools } from "./tools.ts";

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

/** Reads a request of OpenAI's responses. Every field that OpenAI knows is translated, refused, or means nothing elsewhere. */
export function decodeRequest(invocation: Invocation): DecodedChat {
  return readBody(invocation, (request) => {
    const decoded = {
      options: optionsOf(request),
      extras: openAiExtrasOf(request),
      streaming: request.flag("stream") ?? false,
      includesUsage: true,
    };
    refuseTheRest(request);
    return decoded;
  });
}

function optionsOf(request: Fields): LanguageModelV4CallOptions {
  const instructions = request.text("instructions");
  const system = instructions === undefined ? [] : [{ role: "system", content: instructions } as const];
  return {
    prompt: [...system, ...readInput(request)],
    ...given("maxOutputTokens", request.count("max_output_tokens")),
    ...given("temperature", request.number("temperature")),
    ...given("topP", request.number("top_p")),
    ...given("reasoning", request.object("reasoning", readReasoning)),
    ...given("responseFormat", request.object("text", readTextConfig)),
    ...given("tools", readTools(request)),
    ...given("toolChoice", readToolChoice(request)),
  };
}

function readReasoning(reasoning: Fields): LanguageModelV4CallOptions["reasoning"] {
  // What a provider tells of its reasoning is told, whatever kind of summary was wished for.
  reasoning.leaveOut("summary", "generate_summary");
  reasoning.allowOnly("context", ["auto"], NO_WORD);
  reasoning.allowOnly("mode", ["standard"], NO_WORD);
  return reasoning.word("effort", EFFORTS);
}

function readTextConfig(config: Fields): LanguageModelV4CallOptions["responseFormat"] {
  config.allowOnly("verbosity", ["medium"], NO_WORD);
  return config.object("format", (format) => {
    switch (format.word("type", ["text", "json_object", "json_schema"])) {
      case "json_object":
        return { type: "json" };
      case "json_schema": {
        // Where a provider can hold to a schema it always does.
        format.flag("strict");
        const schema = schemaIn(format, "schema") ?? format.missing("schema");
        const described = given("description", format.text("description"));
        return { type: "json", schema, ...given("name", format.text("name")), ...described };
      }
      default:
        return undefined;
    }
  });
}
