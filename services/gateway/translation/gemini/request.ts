import type { LanguageModelV4CallOptions, LanguageModelV4Message } from "@ai-sdk/provider";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { DecodedChat } from "../codec.ts";
import { type Fields, readBody } from "../fields.ts";
import { given } from "../given.ts";
import { readContents, readSystemInstruction } from "./contents.ts";
import { readGenerationConfig } from "./generation-config.ts";
import { readToolChoice, readTools } from "./tools.ts";

const GOOGLES_OWN = "it is a feature of Google's own";
/** What asks to let everything pass, as providers without such settings do. */
const BLOCKS_NOTHING = ["BLOCK_NONE", "OFF", "HARM_BLOCK_THRESHOLD_UNSPECIFIED"];

/** Reads a request to generate content, without what it says of its stream. */
export function decodeRequest(invocation: Invocation): Pick<DecodedChat, "options" | "extras" | "includesUsage"> {
  return readBody(
    invocation,
    (request) => {
      // Labels and logs are for whoever pays, and the tier for who serves: none changes the answer.
      request.leaveOut("model", "labels", "store");
      request.allowOnly(
        "serviceTier",
        ["unspecified", "standard", "SERVICE_TIER_UNSPECIFIED", "STANDARD"],
        GOOGLES_OWN,
      );
      request.refuse(["cachedContent"], "the cache is Google's");
      request.refuse(["continuationToken"], GOOGLES_OWN);
      request.list("safetySettings", (setting) => {
        setting.leaveOut("category", "method");
        setting.allowOnly("threshold", BLOCKS_NOTHING, "other providers have no such settings");
      });
      return { options: optionsOf(request), extras: {}, includesUsage: true };
    },
    "proto",
  );
}

function optionsOf(request: Fields): LanguageModelV4CallOptions {
  return {
    prompt: promptOf(request),
    ...given("tools", readTools(request)),
    ...given("toolChoice", request.object("toolConfig", readToolChoice)),
    ...request.object("generationConfig", readGenerationConfig),
  };
}

function promptOf(request: Fields): LanguageModelV4Message[] {
  const contents = readContents(request);
  if (contents.length === 0) throw request.invalid("contents", "must have at least one content");
  return [...(request.object("systemInstruction", readSystemInstruction) ?? []), ...contents];
}
