import type { Behaviour } from "./behaviour.ts";
import { type ChatRequest, wordsOf } from "./chat-request.ts";

/** What a model answers, before it is written as one body or as a stream. */
export interface ChatAnswer {
  /** The id, `chatcmpl-…`. */
  readonly id: string;
  /** When it was made, in seconds since the Unix epoch. */
  readonly created: number;
  readonly model: string;
  /** The text, or the tool call's arguments, in the pieces a stream has. */
  readonly pieces: readonly string[];
  /** The tool that is called. Undefined: the pieces are text. */
  readonly tool: string | undefined;
  readonly finishReason: "stop" | "length" | "tool_calls";
  /** Undefined: it is not told. */
  readonly usage: ChatUsage | undefined;
}

interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

const CHUNK_BYTES = 1024;

/** What a model of that behaviour answers. */
export function answerOf(request: ChatRequest, behaviour: Behaviour, id: string, created: number): ChatAnswer {
  const tool = toolOf(request, behaviour);
  const whole = tool === undefined ? textPiecesOf(request, behaviour) : argumentPiecesOf(request, behaviour);
  const pieces = request.tokensMax === undefined ? whole : whole.slice(0, request.tokensMax);
  const finishReason = pieces.length < whole.length ? "length" : "stop";
  return {
    id,
    created,
    model: behaviour.responseModel ?? request.model,
    pieces,
    tool,
    finishReason: tool === undefined ? finishReason : "tool_calls",
    usage: behaviour.usage === false ? undefined : usageOf(request.promptTokens, pieces.length),
  };
}

/** The answer as one body of OpenAI's. */
export function completionOf(answer: ChatAnswer): string {
  const text = answer.pieces.join("");
  const message =
    answer.tool === undefined
      ? { role: "assistant", content: text, refusal: null, annotations: [] }
      : { role: "assistant", content: null, refusal: null, tool_calls: [toolCallOf(answer, text)] };
  return JSON.stringify({
    id: answer.id,
    object: "chat.completion",
    created: answer.created,
    model: answer.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finishReason }],
    ...(answer.usage === undefined ? {} : { usage: answer.usage }),
    service_tier: "default",
    system_fingerprint: "fp_scripted",
  });
}

/**
 * The answer as the events of OpenAI's stream, `[DONE]` included. Asked for its usage, it has one more chunk at the end,
 * without choices, and every other chunk says `"usage":null`; not asked, no chunk speaks of usage.
 */
export function eventsOf(answer: ChatAnswer, includeUsage: boolean): readonly string[] {
  const head = `data: {"id":"${answer.id}","object":"chat.completion.chunk","created":${answer.created},"model":${JSON.stringify(answer.model)},"service_tier":"default","system_fingerprint":"fp_scripted",`;
  const askedUsage = includeUsage && answer.usage !== undefined;
  const tail = `${askedUsage ? ',"usage":null' : ""}}\n\n`;
  const event = (delta: string, reason: string) =>
    `${head}"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}]${tail}`;
  const pieces = answer.pieces.map((piece) => event(deltaOf(answer, piece), "null"));
  return [
    event(firstDeltaOf(answer), "null"),
    ...pieces,
    event("{}", `"${answer.finishReason}"`),
    ...(askedUsage ? [`${head}"choices":[],"usage":${JSON.stringify(answer.usage)}}\n\n`] : []),
    "data: [DONE]\n\n",
  ];
}

function toolOf({ tool }: ChatRequest, { toolCall }: Behaviour): string | undefined {
  if (tool === undefined || toolCall === undefined || toolCall === false) return undefined;
  return toolCall === true ? tool : (toolCall.name ?? tool);
}

function argumentPiecesOf(request: ChatRequest, { toolCall }: Behaviour): readonly string[] {
  const given = typeof toolCall === "object" ? toolCall.arguments : undefined;
  return wordsOf(given ?? JSON.stringify({ question: request.question }));
}

function textPiecesOf(request: ChatRequest, { answer, answerBytes, chunks }: Behaviour): readonly string[] {
  if (answerBytes !== undefined) {
    const full = Array<string>(Math.floor(answerBytes / CHUNK_BYTES)).fill("x".repeat(CHUNK_BYTES));
    const rest = answerBytes % CHUNK_BYTES;
    return rest === 0 ? full : [...full, "x".repeat(rest)];
  }
  if (chunks !== undefined) return Array<string>(chunks).fill("word ");
  return wordsOf(answer ?? request.question);
}

function usageOf(prompt: number, completion: number): ChatUsage {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}

function toolCallOf(answer: ChatAnswer, args: string) {
  return { id: callIdOf(answer), type: "function", function: { name: answer.tool, arguments: args } };
}

function firstDeltaOf(answer: ChatAnswer): string {
  if (answer.tool === undefined) return '{"role":"assistant","content":"","refusal":null}';
  const tool_calls = [{ index: 0, ...toolCallOf(answer, "") }];
  return JSON.stringify({ role: "assistant", content: null, tool_calls });
}

function deltaOf(answer: ChatAnswer, piece: string): string {
  if (answer.tool === undefined) return `{"content":${JSON.stringify(piece)}}`;
  return `{"tool_calls":[{"index":0,"function":{"arguments":${JSON.stringify(piece)}}}]}`;
}

function callIdOf(answer: ChatAnswer): string {
  return `call_${answer.id.slice(-24)}`;
}
