import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { given } from "../given.ts";
import { NO_PARAMETERS, schemaIn } from "../json-schema.ts";
import { NO_WORD } from "../untranslatable.ts";

const OPENAIS_OWN = "it is a feature of OpenAI's own";

/** The tools that may be called: functions only. */
export function readTools(request: Fields): LanguageModelV4FunctionTool[] | undefined {
  const tools = request.list("tools", readTool);
  return tools.length === 0 ? undefined : [...tools];
}

function readTool(tool: Fields): LanguageModelV4FunctionTool {
  if (tool.requiredText("type") !== "function") {
    throw tool.untranslatable("type", "other providers have no tools of this type");
  }
  if (tool.texts("allowed_callers")?.some((caller) => caller !== "direct")) {
    throw tool.untranslatable("allowed_callers", OPENAIS_OWN);
  }
  tool.allowOnly("async", [false], OPENAIS_OWN);
  tool.allowOnly("defer_loading", [false], OPENAIS_OWN);
  tool.refuse(["output_schema"], NO_WORD);
  return {
    type: "function",
    name: tool.requiredText("name"),
    inputSchema: schemaIn(tool, "parameters") ?? NO_PARAMETERS,
    ...given("description", tool.text("description")),
    ...given("strict", tool.flag("strict") || undefined),
  };
}

/** Which tools must be called. */
export function readToolChoice(request: Fields): LanguageModelV4CallOptions["toolChoice"] {
  if (typeof request.value("tool_choice") === "string") {
    const type = request.word("tool_choice", ["auto", "none", "required"]);
    return type && { type };
  }
  return request.object("tool_choice", (choice) => {
    choice.allowOnly("type", ["function"], "other providers have no choice of this type");
    return { type: "tool", toolName: choice.requiredText("name") } as const;
  });
}
