import {
  InvalidArgumentError,
  InvalidPromptError,
  type SharedV4Warning,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import { ServiceError } from "#lib/service-error.ts";
import { ProviderError } from "../core/provider-error.ts";
import { invalidRequest } from "../dialects/invalid-request.ts";
import { textOf } from "./provider-said.ts";
import { untranslatable } from "./untranslatable.ts";

/** What the caller's format calls the options of the interface. */
export type FieldNames = Readonly<Record<string, string | undefined>>;

/** Words of a package that say nothing of a payload. */
const PLAIN_WORDS = /^[A-Za-z][A-Za-z /.,'()-]{0,80}$/;
/**
 * Warnings that tell of nothing lost: what a signature is put in for, and the reasoning of earlier turns, which only
 * the provider that wrote it can take back, and none needs.
 */
const HARMLESS = [
  /^Replayed \d+ `functionCall` part/,
  /^unsupported reasoning metadata$/,
  /^sending reasoning content is disabled/,
];

/**
 * The failure of a request of which a package says that it cannot take all over: whatever is not supported is lost, and
 * nothing is lost in silence. Undefined: all of it goes.
 */
export function lossOf(warnings: readonly SharedV4Warning[], names: FieldNames): ServiceError | undefined {
  for (const warning of warnings) {
    switch (warning.type) {
      case "unsupported":
        return untranslatable(fieldOf(warning.feature, names), "the provider or its model does not take it as it is");
      case "deprecated":
        return untranslatable(fieldOf(warning.setting, names), "the provider does not take it any more");
      case "other":
        if (HARMLESS.some((known) => known.test(warning.message))) continue;
        return untranslatable(fieldOf(warning.message, names), "the provider or its model takes it only in part");
      case "compatibility":
        // Said in another way, but said.
        continue;
    }
  }
  return undefined;
}

/**
 * The failure of a request that a package cannot write, from what it throws before anything is sent. What it says may
 * quote the request: it goes into the full trace alone.
 */
export function refusalOfPackage(error: unknown, names: FieldNames): ServiceError {
  if (error instanceof ServiceError) return error;
  if (UnsupportedFunctionalityError.isInstance(error)) {
    const { functionality } = error;
    const what = PLAIN_WORDS.test(functionality) ? ` (${functionality})` : "";
    return untranslatable(fieldOf(functionality, names), `the provider does not take something in it${what}`);
  }
  if (InvalidArgumentError.isInstance(error) && names["dimensions"] !== undefined) {
    return untranslatable(names["dimensions"], "the model's embeddings have no such size");
  }
  const field = names["prompt"] ?? names["values"] ?? "messages";
  if (InvalidPromptError.isInstance(error)) {
    return invalidRequest(`\`${field}\` is no conversation that the provider can take.`, field);
  }
  const { message } = untranslatable(field, "the provider's package cannot write it; the full trace says why");
  return new ProviderError("untranslatable", message, { text: textOf(error) });
}

/** The field that a package means: the option that its words begin with or have in them, else the messages. */
function fieldOf(words: string, names: FieldNames): string {
  const found = Object.keys(names).find((option) => new RegExp(`\\b${option}\\b`, "i").test(words));
  const hinted = HINTS.find(([hint]) => hint.test(words))?.[1];
  return names[found ?? hinted ?? "prompt"] ?? "messages";
}

/** What packages call things that are no option's name. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/\btool.?choice\b/i, "toolChoice"],
  [/\bstrict\b|\btool\b.*\btype\b|provider-defined|toolContent/i, "tools"],
  [/response format|json/i, "responseFormat"],
];
