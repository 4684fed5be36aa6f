import { expect } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import {
  type ChatCaller,
  CITY,
  type Counts,
  callInBytes,
  eventsIn,
  type Json,
  type Read,
  type Wanted,
} from "./dialect-caller.ts";

/** A caller of OpenAI's chat completions. */
export const openAiChatCaller = chatCallerOf(Dialect.DIALECT_OPENAI_CHAT, "passthrough/model/openai-chat");

/** A caller of MLflow's unified chat. */
export const mlflowChatCaller = chatCallerOf(Dialect.DIALECT_MLFLOW_CHAT, "unified/chat");

/** A caller of MLflow's invocations, whose bodies name no endpoint. */
export const mlflowInvocationsCaller = chatCallerOf(Dialect.DIALECT_MLFLOW_INVOCATIONS, "unified/chat");

function chatCallerOf(dialect: Dialect, requestType: string): ChatCaller {
  return {
    requestType,
    finish: { stop: "stop", tools: "tool_calls", length: "length" },
    usage: chatUsageOf,
    refusal: openAiRefusalOf,
    cut: { type: "server_error", param: null, code: "provider_protocol" },
    call(clients, wanted) {
      const { endpoint, stream = false } = wanted;
      const isNamed = dialect !== Dialect.DIALECT_MLFLOW_INVOCATIONS;
      const body = JSON.stringify({ ...(isNamed ? { model: endpoint } : {}), ...chatOf(wanted) });
      const invocation = { dialect, endpoint: isNamed ? "" : endpoint };
      return callInBytes(clients, wanted, { model: endpoint, body, invocation }, (told) =>
        stream && told.head?.status === 200 ? readChunks(eventsIn(told.body)) : readCompletion(JSON.parse(told.body)),
      );
    },
  };
}

/** Tokens as chat completions count them: input includes cached. */
function chatUsageOf({ input, output, cached }: Counts): object {
  const details = cached === 0 ? {} : { prompt_tokens_details: { cached_tokens: cached } };
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output, ...details };
}

/** A provider's refusal as OpenAI writes it. */
export function openAiRefusalOf(status: number, said: string): object {
  const type = status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";
  return { message: expect.stringContaining(said), type, param: null, code: null };
}

function chatOf({ question, stream, tools, image }: Wanted): object {
  const seen = { type: "image_url", image_url: { url: `data:image/png;base64,${image}` } };
  const content = image === undefined ? question : [{ type: "text", text: question }, seen];
  return {
    messages: [{ role: "user", content }],
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    ...(tools ? { tools: [{ type: "function", function: { name: "weather", parameters: CITY } }] } : {}),
  };
}

function readCompletion({ choices: [choice] = [], usage, error }: Json): Read {
  const message = choice?.message ?? {};
  const { content, tool_calls: calls } = message;
  const reasoning = message.reasoning_content ?? message.reasoning ?? "";
  return {
    text: content ?? "",
    reasoning,
    toolCalls: (calls ?? []).map(callOf),
    finish: choice?.finish_reason,
    usage,
    error,
  };
}

function readChunks(chunks: readonly Json[]): Read {
  const calls: Json[] = [];
  let text = "";
  let reasoning = "";
  let finish: unknown;
  for (const { delta, finish_reason } of chunks.flatMap(({ choices }) => choices ?? [])) {
    text += delta.content ?? "";
    reasoning += delta.reasoning_content ?? delta.reasoning ?? "";
    finish = finish_reason ?? finish;
    for (const { index, function: called } of delta.tool_calls ?? []) {
      calls[index] ??= { function: { name: called.name, arguments: "" } };
      calls[index].function.arguments += called.arguments ?? "";
    }
  }
  const usage = chunks.find(({ usage: told }) => told)?.usage;
  const error = chunks.find(({ error: told }) => told)?.error;
  return { text, reasoning, toolCalls: error === undefined ? calls.map(callOf) : [], finish, usage, error };
}

function callOf({ function: called }: Json) {
  return { name: called.name, input: JSON.parse(called.arguments) };
}
