import type { Answer, Finish, ToolCall, Usage } from "../answer.ts";
import { readShape } from "../read-shape.ts";
import { EVENT_STREAM } from "../server-sent-event.ts";
import type { Reader, StreamReply } from "../wire-format.ts";
import { chatAskedOf, chatShape } from "./chat-request.ts";
import { SERVER_ERROR } from "./error.ts";

/** How a provider's chat completions differ from those of others. */
export interface ChatFlavour {
  /** The fields of a message or of a delta that tell its text and its reasoning, where it has any. */
  readonly told: (text: string | null | undefined, reasoning: string | undefined) => object;
  /** The fields beside `choices` that tell how many tokens there were. */
  readonly usageOf: (usage: Usage, id: string) => object;
  /** Where a stream tells its tokens: in a chunk of its own after the last, or in the last, with the finish reason. */
  readonly usageIn: "own-chunk" | "last-chunk";
  /** When a stream does so. */
  readonly usageWhen: "asked" | "always";
  /** The choices of a chunk of its own. */
  readonly usageChoices: readonly object[];
  readonly callIdOf: (call: ToolCall) => string;
  /** What comes before the first chunk. */
  readonly preface: string;
}

/** Chat completions in OpenAI's format. */
export function createChatReader(flavour: ChatFlavour): Reader {
  return ({ body }) =>
    readShape(chatShape, body, (shape) => {
      const includeUsage = shape.stream_options?.include_usage ?? false;
      return {
        asked: chatAskedOf(shape),
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

function completionOf(answer: Answer, flavour: ChatFlavour): string {
  const { text, calls, reasoning, usage } = answer;
  const said = text.length === 0 && calls.length > 0 ? null : text.join("");
  const message = {
    role: "assistant",
    ...flavour.told(said, reasoning.length === 0 ? undefined : reasoning.join("")),
    refusal: null,
    ...(calls.length === 0
      ? { annotations: [] }
      : { tool_calls: calls.map((call) => callOf(call, call.pieces, flavour)) }),
  };
  return JSON.stringify({
    id: `chatcmpl-${answer.id}`,
    object: "chat.completion",
    created: answer.created,
    model: answer.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: FINISH_REASONS[answer.finish] }],
    ...(usage === undefined ? {} : flavour.usageOf(usage, answer.id)),
    service_tier: "default",
    system_fingerprint: "fp_scripted",
  });
}

/**
 * The stream, `[DONE]` included. Where its usage comes only when asked for, every chunk but the one that has it then
 * says `"usage":null`; not asked, no chunk speaks of usage.
 */
function chatStreamOf(answer: Answer, asked: boolean, flavour: ChatFlavour): StreamReply {
  const head = `data: {"id":"chatcmpl-${answer.id}","object":"chat.completion.chunk","created":${answer.created},"model":${JSON.stringify(answer.model)},"service_tier":"default","system_fingerprint":"fp_scripted",`;
  const usage = asked || flavour.usageWhen === "always" ? answer.usage : undefined;
  const tail = usage !== undefined && flavour.usageWhen === "asked" ? ',"usage":null}\n\n' : "}\n\n";
  const usageTail = usage === undefined ? tail : `,${JSON.stringify(flavour.usageOf(usage, answer.id)).slice(1)}\n\n`;
  const event = (delta: string, reason: string, end: string) =>
    `${head}"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}]${end}`;
  const [first, ...rest] = deltasOf(answer, flavour).map((delta) => event(delta, "null", tail));
  const own = usage !== undefined && flavour.usageIn === "own-chunk";
  return {
    contentType: EVENT_STREAM,
    chunks: [
      `${flavour.preface}${first}`,
      ...rest,
      event("{}", `"${FINISH_REASONS[answer.finish]}"`, flavour.usageIn === "last-chunk" ? usageTail : tail),
      ...(own ? [`${head}"choices":${JSON.stringify(flavour.usageChoices)}${usageTail}`] : []),
      "data: [DONE]\n\n",
    ],
    error: () => `data: ${JSON.stringify({ error: SERVER_ERROR })}\n\n`,
  };
}

function deltasOf({ text, calls, reasoning }: Answer, flavour: ChatFlavour): readonly string[] {
  const called = calls.flatMap((call, index) => [
    JSON.stringify({ tool_calls: [{ index, ...callOf(call, [], flavour) }] }),
    ...call.pieces.map(
      (piece) => `{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(piece)}}}]}`,
    ),
  ]);
  const told = [
    ...reasoning.map((piece) => JSON.stringify(flavour.told(undefined, piece))),
    ...text.map((piece) => JSON.stringify(flavour.told(piece, undefined))),
  ];
  const [firstCall = "{}", ...otherCalls] = called;
  // Where there is nothing else the first call's head comes with the role.
  if (told.length === 0 && calls.length > 0) {
    return [`{"role":"assistant","content":null,${firstCall.slice(1)}`, ...otherCalls];
  }
  return ['{"role":"assistant","content":"","refusal":null}', ...told, ...called];
}

function callOf(call: ToolCall, pieces: readonly string[], { callIdOf }: ChatFlavour) {
  return { id: callIdOf(call), type: "function", function: { name: call.name, arguments: pieces.join("") } };
}
