import type { LanguageModelV4FunctionTool, LanguageModelV4ToolChoice } from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { given } from "../given.ts";
import { NO_PARAMETERS, schemaIn } from "../json-schema.ts";
import { NO_WORD } from "../untranslatable.ts";
import { readSchema } from "./schema.ts";

const GOOGLES_OWN = "it is a tool of Google's own";

/** The functions that may be called. Google's own tools are not known, and so refused by name. */
export function readTools(request: Fields): LanguageModelV4FunctionTool[] | undefined {
  const tools = request.list("tools", (tool) => {
    tool.refuse(OWN_TOOLS, GOOGLES_OWN);
    return tool.list("functionDeclarations", readFunction);
  });
  const all = tools.flat();
  return all.length === 0 ? undefined : all;
}

const OWN_TOOLS = [
  "codeExecution",
  "computerUse",
  "enterpriseWebSearch",
  "exaAiSearch",
  "fileSearch",
  "googleMaps",
  "googleSearch",
  "googleSearchRetrieval",
  "mcpServers",
  "parallelAiSearch",
  "retrieval",
  "urlContext",
];

function readFunction(declared: Fields): LanguageModelV4FunctionTool {
  declared.allowOnly("behavior", ["BLOCKING", "UNSPECIFIED"], NO_WORD);
  declared.refuse(["response", "responseJsonSchema"], NO_WORD);
  const parameters = declared.object("parameters", readSchema);
  return {
    type: "function",
    name: declared.requiredText("name"),
    inputSchema: schemaIn(declared, "parametersJsonSchema") ?? parameters ?? NO_PARAMETERS,
    ...given("description", declared.text("description")),
  };
}

/** Which functions must be called. */
export function readToolChoice(config: Fields): LanguageModelV4ToolChoice | undefined {
  config.refuse(["retrievalConfig"], GOOGLES_OWN);
  config.allowOnly("includeServerSideToolInvocations", [false], GOOGLES_OWN);
  return config.object("functionCallingConfig", (calling) => {
    // A call is always told whole.
    calling.leaveOut("streamFunctionCallArguments");
    const mode = calling.word("mode", ["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"]);
    const [name, ...others] = calling.texts("allowedFunctionNames") ?? [];
    if (mode === "VALIDATED") throw calling.untranslatable("mode", NO_WORD);
    if (name === undefined) return choiceOf(mode);
    if (mode !== "ANY") throw calling.invalid("allowedFunctionNames", "needs the mode ANY");
    if (others.length === 0) return { type: "tool", toolName: name } as const;
    throw calling.untranslatable("allowedFunctionNames", "other providers can be told one function, or any");
  });
}

function choiceOf(
  mode: "MODE_UNSPECIFIED" | "AUTO" | "ANY" | "NONE" | undefined,
): LanguageModelV4ToolChoice | undefined {
  switch (mode) {
    case "AUTO":
      return { type: "auto" };
    case "ANY":
      return { type: "required" };
    case "NONE":
      return { type: "none" };
    default:
      return undefined;
  }
}
