import { isObject, parseJson } from "#lib/json-value.ts";
import { invalidField } from "#lib/service-error.ts";
import {
  type OutputFormat,
  type Prompt,
  ReasoningEffort,
  type Sampling,
  type Tool,
  type ToolChoice,
  ToolChoiceMode,
} from "#proto/twinspan/inference/v1/prompt.ts";
import { messageOf } from "./chat-messages.ts";
import { checkCount, checkRange } from "./field-checks.ts";

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const MESSAGES_MAX = 10_000;
const TOOLS_MAX = 128;
const STOPS_MAX = 16;

/**
 * The body of OpenAI's chat completion that a prompt comes to. Throws a ServiceError `invalid_request` that names the
 * field, as in `prompt.messages[2].user.parts[0]`, when the prompt is not of its contract.
 */
export function chatBodyOf(endpoint: string, prompt: Prompt | undefined, stream: boolean): Buffer {
  if (prompt === undefined) throw invalidField("prompt", "is missing");
  const { messages, tools, toolChoice, outputFormat, sampling, reasoning } = prompt;
  checkCount("prompt.messages", messages.length, 1, MESSAGES_MAX);
  checkCount("prompt.tools", tools.length, 0, TOOLS_MAX);
  const effort = REASONING_EFFORTS.get(reasoning?.effort ?? ReasoningEffort.REASONING_EFFORT_UNSPECIFIED);
  const body = {
    model: endpoint,
    messages: messages.map((message, index) => messageOf(message, `prompt.messages[${index}]`)),
    tools: tools.length === 0 ? undefined : toolsOf(tools),
    tool_choice: toolChoice && toolChoiceOf(toolChoice, tools),
    response_format: outputFormat && responseFormatOf(outputFormat),
    reasoning_effort: effort,
    stream: stream || undefined,
    ...(sampling && samplingOf(sampling)),
  };
  return Buffer.from(JSON.stringify(body));
}

function toolsOf(tools: readonly Tool[]): readonly object[] {
  const seen = new Set<string>();
  return tools.map(({ name, description, parametersJson, strict }, index) => {
    const field = `prompt.tools[${index}]`;
    if (!NAME.test(name)) throw invalidField(`${field}.name`, "must be 1 to 64 letters, digits, `_` or `-`");
    if (seen.has(name)) throw invalidField(`${field}.name`, "is there twice");
    seen.add(name);
    const parameters = parametersJson === "" ? undefined : schemaOf(parametersJson, `${field}.parameters_json`);
    return { type: "function", function: { name, description: description || undefined, parameters, strict } };
  });
}

function toolChoiceOf({ choice }: ToolChoice, tools: readonly Tool[]): string | object | undefined {
  if (tools.length === 0) throw invalidField("prompt.tool_choice", "needs `tools`");
  if (choice === undefined) throw invalidField("prompt.tool_choice", "must have a `mode` or a `tool`");
  if (choice.$case === "mode") return TOOL_CHOICES.get(choice.value);
  if (!tools.some(({ name }) => name === choice.value))
    throw invalidField("prompt.tool_choice.tool", "is none of `tools`");
  return { type: "function", function: { name: choice.value } };
}

function responseFormatOf({ name, schemaJson, strict }: OutputFormat): object {
  if (schemaJson === "") return { type: "json_object" };
  if (name !== "" && !NAME.test(name)) {
    throw invalidField("prompt.output_format.name", "must be 1 to 64 letters, digits, `_` or `-`");
  }
  const schema = schemaOf(schemaJson, "prompt.output_format.schema_json");
  return { type: "json_schema", json_schema: { name: name || "answer", schema, strict } };
}

function samplingOf(sampling: Sampling): object {
  const { maxOutputTokens, temperature, topP, seed, frequencyPenalty, presencePenalty, stop } = sampling;
  const field = (name: string) => `prompt.sampling.${name}`;
  if (maxOutputTokens === 0) throw invalidField(field("max_output_tokens"), "must be at least 1");
  checkRange(field("temperature"), temperature, 0, 2);
  checkRange(field("top_p"), topP, 0, 1);
  checkRange(field("frequency_penalty"), frequencyPenalty, -2, 2);
  checkRange(field("presence_penalty"), presencePenalty, -2, 2);
  checkCount(field("stop"), stop.length, 0, STOPS_MAX);
  if (stop.includes("")) throw invalidField(field("stop"), "must have no empty text");
  return {
    max_completion_tokens: maxOutputTokens,
    temperature,
    top_p: topP,
    seed: seed === undefined ? undefined : seedOf(seed),
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    stop: stop.length === 0 ? undefined : stop,
  };
}

function seedOf(seed: bigint): number {
  const number = Number(seed);
  if (Number.isSafeInteger(number)) return number;
  throw invalidField(
    "prompt.sampling.seed",
    "must be between -(2^53 - 1) and 2^53 - 1, the integers that JSON carries",
  );
}

function schemaOf(json: string, field: string): object {
  const schema = parseJson(json);
  if (isObject(schema)) return schema;
  throw invalidField(field, "must be a JSON object");
}

const REASONING_EFFORTS: ReadonlyMap<ReasoningEffort, string> = new Map([
  [ReasoningEffort.REASONING_EFFORT_NONE, "none"],
  [ReasoningEffort.REASONING_EFFORT_MINIMAL, "minimal"],
  [ReasoningEffort.REASONING_EFFORT_LOW, "low"],
  [ReasoningEffort.REASONING_EFFORT_MEDIUM, "medium"],
  [ReasoningEffort.REASONING_EFFORT_HIGH, "high"],
]);

const TOOL_CHOICES: ReadonlyMap<ToolChoiceMode, string> = new Map([
  [ToolChoiceMode.TOOL_CHOICE_MODE_AUTO, "auto"],
  [ToolChoiceMode.TOOL_CHOICE_MODE_NONE, "none"],
  [ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED, "required"],
]);
