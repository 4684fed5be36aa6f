import { z } from "zod";

const count = z.int().min(0).max(100_000_000);
const ms = z.int().min(0).max(3_600_000);

const usageSchema = z.strictObject({
  cachedInput: count.optional().describe("Tokens read from a cache."),
  cacheWriteInput: count.optional().describe("Tokens written to a cache."),
  audioInput: count.optional().describe("Tokens of audio that was heard."),
  audioOutput: count.optional().describe("Tokens of audio that was said."),
});

const toolCallSchema = z.strictObject({
  name: z.string().optional().describe("The tool. Default: the request's tools, one after the other."),
  arguments: z.string().optional().describe("Its arguments. Default: an instance of the tool's schema."),
  times: z.int().min(1).max(100).optional().describe("How many calls. Default 1."),
});

/**
 * How a scripted model behaves, whatever format it is asked in. Chunks are the events of a stream, in some formats the
 * first only says who speaks; an answer that is not a stream is cut or stalled in the middle of its body. Whatever is
 * not set is as a good provider would have it.
 */
const behaviourSchema = z.strictObject({
  status: z.int().min(200).max(599).optional().describe("The HTTP status. From 400 on: an error without an answer."),
  retryAfter: count.optional().describe("The `Retry-After` of an error, in seconds. Default: 1 with 429, else none."),
  retryAfterDate: z.boolean().optional().describe("Writes `Retry-After` as a date."),
  errorMessage: z.string().optional().describe("What an error says, in the vendor's words for the rest."),
  redirect: z.string().optional().describe("Redirects there, with `status` or else 307."),
  body: z.string().optional().describe("The body, verbatim, instead of one that is made."),
  headers: z.record(z.string(), z.string()).optional().describe("Headers beside the usual ones."),
  contentType: z.string().optional().describe("Instead of the usual content type."),
  delayHeadMs: ms.optional().describe("How long the head takes."),
  chunkDelayMs: ms.optional().describe("How long each chunk takes."),
  stallBeforeHead: z.boolean().optional().describe("Never answers; ends when the client hangs up."),
  stallAfterChunks: count.optional().describe("Falls silent after so many chunks, connection open."),
  cutBeforeHead: z.boolean().optional().describe("Destroys the connection instead of answering."),
  cutAfterChunks: count.optional().describe("Destroys the connection after so many chunks."),
  halfChunk: z.boolean().optional().describe("Sends the first half of the chunk before which it is cut or stalls."),
  reset: z.boolean().optional().describe("Cuts with a TCP reset."),
  errorAfterChunks: count.optional().describe("Sends an error event after so many chunks, then ends. Streams only."),
  garbage: z.boolean().optional().describe("Answers 200 with what is not of the protocol."),
  usage: z
    .union([z.boolean(), usageSchema])
    .optional()
    .describe("Tokens on top of the words; false: tells none at all."),
  reasoning: z
    .union([z.boolean(), z.string()])
    .optional()
    .describe("Reasons first, aloud; as a text: with these words."),
  toolCall: z
    .union([z.boolean(), toolCallSchema])
    .optional()
    .describe("Calls a tool when the request has any; without it, only when the request insists."),
  answer: z.string().optional().describe("The answer, instead of the last user message; with a tool call, before it."),
  answerBytes: count
    .optional()
    .describe("Answers with so many bytes of text, whatever the request allows; streams have 1 KiB a chunk."),
  chunks: count
    .optional()
    .describe("Answers with exactly so many chunks of text, of a word each, whatever the request allows."),
  finish: z
    .enum(["stop", "length", "tool-calls", "content-filter", "error"])
    .optional()
    .describe("Why the answer ends, whatever is true."),
  responseModel: z.string().optional().describe("The model that claims to have answered."),
  failTimes: count.optional().describe("Only the first so many requests fail, with `status` or else 503."),
});

/** How a scripted model behaves. */
export type Behaviour = Readonly<z.output<typeof behaviourSchema>>;

/** Behaviours by the model's name. */
export const behavioursSchema = z.record(z.string(), behaviourSchema);
