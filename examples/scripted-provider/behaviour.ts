import { z } from "zod";

const count = z.int().min(0).max(1_000_000);
const ms = z.int().min(0).max(3_600_000);

/**
 * How a scripted model behaves. Chunks are the `data:` events of a stream, the first of which only says the role; an
 * answer that is not a stream is cut or stalled in the middle of its body. Whatever is not set is as a good provider
 * would have it.
 */
const behaviourSchema = z.strictObject({
  status: z.int().min(200).max(599).optional().describe("The HTTP status. From 400 on: an error without an answer."),
  body: z.string().optional().describe("The body, verbatim, instead of one that is made."),
  headers: z.record(z.string(), z.string()).optional().describe("Headers beside the usual ones."),
  contentType: z.string().optional().describe("Instead of the usual content type."),
  delayHeadMs: ms.optional().describe("How long the head takes."),
  chunkDelayMs: ms.optional().describe("How long each chunk takes."),
  stallBeforeHead: z.boolean().optional().describe("Never answers; ends when the client hangs up."),
  stallAfterChunks: count.optional().describe("Falls silent after so many chunks, connection open."),
  cutBeforeHead: z.boolean().optional().describe("Destroys the connection instead of answering."),
  cutAfterChunks: count.optional().describe("Destroys the connection after so many chunks."),
  errorAfterChunks: count.optional().describe("Sends an error event after so many chunks, then ends. Streams only."),
  garbage: z.boolean().optional().describe("Answers 200 with what is not of the protocol."),
  usage: z.boolean().optional().describe("False: never says how many tokens there were."),
  toolCall: z
    .union([z.boolean(), z.strictObject({ name: z.string().optional(), arguments: z.string().optional() })])
    .optional()
    .describe("Calls a tool when the request has any, the first by default, with the question as its argument."),
  answer: z.string().optional().describe("The answer, instead of the last user message."),
  answerBytes: count.optional().describe("Answers with so many bytes of text; streams have 1 KiB a chunk."),
  chunks: count.optional().describe("Answers with exactly so many chunks of text, of a word each."),
  responseModel: z.string().optional().describe("The model that claims to have answered."),
  failTimes: count.optional().describe("Only the first so many requests fail, with `status` or else 503."),
});

/** How a scripted model behaves. */
export type Behaviour = Readonly<z.output<typeof behaviourSchema>>;

/** Behaviours by the model's name. */
export const behavioursSchema = z.record(z.string(), behaviourSchema);

/** Names that need no configuration: the behaviour is in the name. */
const PATTERNS: readonly (readonly [RegExp, (figure: number) => Behaviour])[] = [
  [/^echo-1$/, () => ({})],
  [/^garbage-1$/, () => ({ garbage: true })],
  [/^tools-1$/, () => ({ toolCall: true })],
  [/^cut-before-head$/, () => ({ cutBeforeHead: true })],
  [/^stall-before-head$/, () => ({ stallBeforeHead: true })],
  [/^status-([2-5]\d\d)$/, (status) => ({ status })],
  [/^cut-after-(\d{1,6})$/, (cutAfterChunks) => ({ cutAfterChunks })],
  [/^stall-after-(\d{1,6})$/, (stallAfterChunks) => ({ stallAfterChunks })],
  [/^error-after-(\d{1,6})$/, (errorAfterChunks) => ({ errorAfterChunks })],
  [/^slow-(\d{1,6})$/, (chunkDelayMs) => ({ chunkDelayMs })],
  [/^chunks-(\d{1,6})$/, (chunks) => ({ chunks })],
  [/^bytes-(\d{1,6})$/, (answerBytes) => ({ answerBytes })],
];

/** The model names that are listed when nobody configured any. */
export const LISTED_MODELS: readonly string[] = ["echo-1", "garbage-1", "tools-1", "cut-before-head"];

/** The behaviour of a model: the configured one, else the one its name tells. Undefined: there is no such model. */
export function behaviourOf(model: string, configured: ReadonlyMap<string, Behaviour>): Behaviour | undefined {
  const found = configured.get(model);
  if (found !== undefined) return found;
  for (const [pattern, make] of PATTERNS) {
    const match = pattern.exec(model);
    if (match !== null) return make(Number(match[1] ?? 0));
  }
  return undefined;
}
