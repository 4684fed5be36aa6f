import type { JSONObject, LanguageModelV4ToolResultOutput, LanguageModelV4ToolResultPart } from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { NO_WORD } from "../untranslatable.ts";
import { fileIn } from "./files.ts";
import type { FunctionCalls } from "./function-calls.ts";

/** The result of a function. */
export function readFunctionResponse(response: Fields, calls: FunctionCalls): LanguageModelV4ToolResultPart {
  response.allowOnly("willContinue", [false], NO_WORD);
  response.allowOnly("scheduling", ["SCHEDULING_UNSPECIFIED"], NO_WORD);
  const toolName = response.requiredText("name");
  const toolCallId = calls.result(toolName, response.text("id"));
  if (toolCallId === undefined) throw response.invalid("name", "is of no `functionCall` that came before it");
  return { type: "tool-result", toolCallId, toolName, output: outputOf(response) };
}

/** Google's own convention: what a function gives is under `output`, what went wrong under `error`; else it is all of it. */
function outputOf(response: Fields): LanguageModelV4ToolResultOutput {
  const value = response.json("response") ?? {};
  const files = response.list("parts", (part) => {
    part.refuse(["mediaProcessing"], NO_WORD);
    return fileIn(part) ?? part.missing("inlineData");
  });
  if (files.length === 0) return jsonOf(value);
  if ("error" in value) throw response.untranslatable("parts", "a result with files cannot be marked as an error");
  const { output } = value;
  const text = typeof output === "string" ? output : JSON.stringify(value);
  return { type: "content", value: [{ type: "text", text }, ...files] };
}

function jsonOf(value: JSONObject): LanguageModelV4ToolResultOutput {
  const { output, error, ...others } = value;
  const isAlone = Object.keys(others).length === 0;
  if (isAlone && output === undefined && error !== undefined) {
    return typeof error === "string" ? { type: "error-text", value: error } : { type: "error-json", value: error };
  }
  if (!isAlone || error !== undefined || output === undefined) return { type: "json", value };
  return typeof output === "string" ? { type: "text", value: output } : { type: "json", value: output };
}
