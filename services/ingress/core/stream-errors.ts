import { anthropicErrorOf } from "#lib/errors/anthropic-error.ts";
import { geminiErrorOf } from "#lib/errors/gemini-error.ts";
import { openAiErrorEventOf, openAiErrorOf } from "#lib/errors/openai-error.ts";
import type { ServiceError } from "#lib/service-error.ts";

/**
 * Writes the bytes that end a stream which the gateway could not end itself, in one dialect. `contentType` is the
 * stream's. Undefined: a stream of that type is just broken off.
 */
export type StreamErrors = (error: ServiceError, contentType: string) => string | undefined;

/** OpenAI's: an event whose data is the error object. */
export const openAiStreamErrors = inEvents((error) => `data: ${JSON.stringify(openAiErrorOf(error))}\n\n`);

/** OpenAI's responses: an event of the name `error`. How many came before it, only the gateway knows. */
export const openAiResponsesStreamErrors = inEvents(
  (error) => `event: error\ndata: ${JSON.stringify(openAiErrorEventOf(error, 0))}\n\n`,
);

/** Anthropic's: an event of the name `error`. */
export const anthropicStreamErrors = inEvents(
  (error) => `event: error\ndata: ${JSON.stringify(anthropicErrorOf(error))}\n\n`,
);

const geminiEventErrors = inEvents((error) => `data: ${JSON.stringify(geminiErrorOf(error))}\n\n`);

/**
 * Gemini's: an event whose data is the error object, or the last element of the array that the stream is. The gateway
 * hands on whole elements and closes the array with the last one, so here it is open.
 */
export const geminiStreamErrors: StreamErrors = (error, contentType) =>
  contentType.startsWith("application/json")
    ? `,\n${JSON.stringify(geminiErrorOf(error))}\n]`
    : geminiEventErrors(error, contentType);

/** Of what a provider speaks nothing is known: every stream is just broken off. */
export const noStreamErrors: StreamErrors = () => undefined;

function inEvents(write: (error: ServiceError) => string): StreamErrors {
  return (error, contentType) => (contentType.startsWith("text/event-stream") ? write(error) : undefined);
}
