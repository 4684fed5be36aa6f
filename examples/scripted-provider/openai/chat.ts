import type { Answer, Finish, ToolCall, Usage } from "../answer.ts";
import { readShape } from "../read-shape.ts";
import { EVENT_STREAM } from "../server-sent-event.ts";
import type { Reader, StreamReply } from "../wire-format.ts";
import { chatAskedOf, chatShape } from "./chat-request.ts";
import { SERVER_ERROR } from "./error.ts";

/** How a provider's chat completions differ from those of others. */
export interface ChatFlavour {
  /** The field of a message and of a delta that has the reasoning. */
  readonly reasoningField: string;
  readonly usageOf: (usage: Usage) => object;
}

/** Chat completions in OpenAI's format. */
export function createChatReader(flavour: ChatFlavour): Reader {
  return ({ body, model: named }) =>
    readShape(chatShape, body, (shape) => {
      const model = named ?? shape.model;
      if (model === undefined) return "Invalid request: model: you must provide a model parameter";
      const includeUsage = shape.stream_options?.include_usage ?? false;
      return {
        asked: chatAskedOf(shape, model),
        write: (answer) =>
          shape.stream ? chatStreamOf(answer, includeUsage, flavour) : { body: completionOf(answer, flavour) },
      };
    });
}

const FINISH_REASONS: Readonly<Record<Finish, string>> = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
  error: "error",
};

function completionOf(answer: Answer, { reasoningField, usageOf }: ChatFlavour): string {
  const { text, calls, reasoning, usage } = answer;
  const message = {
    role: "assistant",
    content: text.length === 0 && calls.length > 0 ? null : text.join(""),
    refusal: null,
    ...(reasoning.length === 0 ? {} : { [reasoningField]: reasoning.join("") }),
    ...(calls.length === 0 ? { annotations: [] } : { tool_calls: calls.map((call) => callOf(call, call.pieces)) }),
  };
  return JSON.stringify({
    id: `chatcmpl-${answer.id}`,
    object: "chat.completion",
    created: answer.created,
    model: answer.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: FINISH_REASONS[answer.finish] }],
    ...(usage === undefined ? {} : { usage: usageOf(usage) }),
    service_tier: "default",
    system_fingerprint: "fp_scripted",
  });
}

/**
 * The stream, `[DONE]` included. Asked for its usage, it has one more chunk at the end, without choices, and every other
 * chunk says `"usage":null`; not asked, no chunk speaks of usage.
 */
function chatStreamOf(answer: Answer, includeUsage: boolean, flavour: ChatFlavour): StreamReply {
  const head = `data: {"id":"chatcmpl-${answer.id}","object":"chat.completion.chunk","created":${answer.created},"model":${JSON.stringify(answer.model)},"service_tier":"default","system_fingerprint":"fp_scripted",`;
  const usage = includeUsage ? answer.usage : undefined;
  const tail = `${usage === undefined ? "" : ',"usage":null'}}\n\n`;
  const event = (delta: string, reason: string) =>
    `${head}"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}]${tail}`;
  return {
    contentType: EVENT_STREAM,
    chunks: [
      ...deltasOf(answer, flavour).map((delta) => event(delta, "null")),
      event("{}", `"${FINISH_REASONS[answer.finish]}"`),
      ...(usage === undefined ? [] : [`${head}"choices":[],"usage":${JSON.stringify(flavour.usageOf(usage))}}\n\n`]),
      "data: [DONE]\n\n",
    ],
    error: () => `data: ${JSON.stringify({ error: SERVER_ERROR })}\n\n`,
  };
}

function deltasOf({ text, calls, reasoning }: Answer, { reasoningField }: ChatFlavour): readonly string[] {
  const called = calls.flatMap((call, index) => [
    JSON.stringify({ tool_calls: [{ index, ...callOf(call, []) }] }),
    ...call.pieces.map(
      (piece) => `{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(piece)}}}]}`,
    ),
  ]);
  const [first = "{}", ...rest] = [
    ...reasoning.map((piece) => `{"${reasoningField}":${JSON.stringify(piece)}}`),
    ...text.map((piece) => `{"content":${JSON.stringify(piece)}}`),
    ...called,
  ];
  if (calls.length === 0 || text.length > 0 || reasoning.length > 0) {
    return ['{"role":"assistant","content":"","refusal":null}', first, ...rest];
  }
  // The first call's head comes with the role.
  return [`{"role":"assistant","content":null,${first.slice(1)}`, ...rest];
}

function callOf({ id, name }: ToolCall, pieces: readonly string[]) {
  return { id: `call_${id}`, type: "function", function: { name, arguments: pieces.join("") } };
}
