import { anthropicErrorOf } from "#lib/errors/anthropic-error.ts";
import { geminiErrorOf } from "#lib/errors/gemini-error.ts";
import { openAiErrorOf } from "#lib/errors/openai-error.ts";
import type { ServiceError } from "#lib/service-error.ts";

/**
 * Writes the event that ends a stream of server-sent events which the gateway could not end itself, in one dialect.
 * Streams of any other content type are just broken off.
 */
export type StreamErrors = (error: ServiceError) => string;

/** OpenAI's: an event whose data is the error object. */
export const openAiStreamErrors: StreamErrors = (error) => `data: ${JSON.stringify(openAiErrorOf(error))}\n\n`;

/** Anthropic's: an event of the name `error`. */
export const anthropicStreamErrors: StreamErrors = (error) =>
  `event: error\ndata: ${JSON.stringify(anthropicErrorOf(error))}\n\n`;

/** Gemini's: an event whose data is the error object. */
export const geminiStreamErrors: StreamErrors = (error) => `data: ${JSON.stringify(geminiErrorOf(error))}\n\n`;
