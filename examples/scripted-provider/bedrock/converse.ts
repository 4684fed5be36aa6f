import { type Answer, argumentsOf, type Finish, type Usage } from "../answer.ts";
import { readShape } from "../read-shape.ts";
import type { Chunk, Reader } from "../wire-format.ts";
import { converseAskedOf, converseShape } from "./converse-request.ts";
import { AWS_EVENT_STREAM, eventOf, exceptionOf } from "./event-stream.ts";

/** Bedrock's `converse`. */
export const readConverse: Reader = ({ body, model = "" }) =>
  readShape(converseShape, body, (shape) => ({
    asked: converseAskedOf(shape, model),
    write: (answer) => ({ body: JSON.stringify(conversationOf(answer)) }),
  }));

/** Bedrock's `converse-stream`. */
export const readConverseStream: Reader = ({ body, model = "" }) =>
  readShape(converseShape, body, (shape) => ({
    asked: converseAskedOf(shape, model),
    write: (answer) => ({
      contentType: AWS_EVENT_STREAM,
      chunks: eventsOf(answer),
      error: () => exceptionOf("modelStreamErrorException", { message: "The model stream had an error." }),
    }),
  }));

const STOP_REASONS: Readonly<Record<Finish, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  "tool-calls": "tool_use",
  "content-filter": "content_filtered",
  error: "end_turn",
};

const METRICS = { latencyMs: 1 } as const;

function conversationOf(answer: Answer) {
  const { reasoning, text, calls } = answer;
  const content = [
    ...(reasoning.length === 0
      ? []
      : [{ reasoningContent: { reasoningText: { text: reasoning.join(""), signature: signatureOf(answer) } } }]),
    ...(text.length === 0 && calls.length > 0 ? [] : [{ text: text.join("") }]),
    ...calls.map((call) => ({
      toolUse: { toolUseId: `tooluse_${call.id}`, name: call.name, input: argumentsOf(call) },
    })),
  ];
  return {
    metrics: METRICS,
    output: { message: { role: "assistant", content } },
    stopReason: STOP_REASONS[answer.finish],
    ...usageOf(answer.usage),
  };
}

/** A block of text has no start of its own; only that of a tool does. */
function eventsOf(answer: Answer): readonly Chunk[] {
  const { reasoning, text, calls } = answer;
  const blocks = [
    ...(reasoning.length === 0
      ? []
      : [
          [
            ...reasoning.map((piece) => deltaOf({ reasoningContent: { text: piece } })),
            deltaOf({ reasoningContent: { signature: signatureOf(answer) } }),
          ],
        ]),
    ...(text.length === 0 ? [] : [text.map((piece) => deltaOf({ text: piece }))]),
    ...calls.map(({ id, name, pieces }) => [
      { type: "contentBlockStart", start: { toolUse: { toolUseId: `tooluse_${id}`, name } } },
      ...pieces.map((piece) => deltaOf({ toolUse: { input: piece } })),
    ]),
  ];
  return [
    eventOf("messageStart", { p: PADDING, role: "assistant" }),
    ...blocks.flatMap((events, contentBlockIndex) =>
      [...events, { type: "contentBlockStop" }].map(({ type, ...event }) =>
        eventOf(type, { contentBlockIndex, ...event, p: PADDING }),
      ),
    ),
    eventOf("messageStop", { p: PADDING, stopReason: STOP_REASONS[answer.finish] }),
    eventOf("metadata", { metrics: METRICS, p: PADDING, ...usageOf(answer.usage) }),
  ];
}

/** AWS pads its events, so that their length tells less. */
const PADDING = "abcdefgh";

function deltaOf(delta: object) {
  return { type: "contentBlockDelta", delta };
}

function signatureOf({ id }: Answer): string {
  return Buffer.from(`signed ${id}`).toString("base64");
}

/** Tokens as AWS counts them: those of the cache beside `inputTokens`, not in them. */
function usageOf(usage: Usage | undefined) {
  if (usage === undefined) return {};
  const { input, cachedInput, cacheWriteInput, output } = usage;
  return {
    usage: {
      inputTokens: input - cachedInput - cacheWriteInput,
      outputTokens: output,
      totalTokens: input + output,
      cacheReadInputTokens: cachedInput,
      cacheWriteInputTokens: cacheWriteInput,
    },
  };
}
