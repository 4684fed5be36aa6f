import type { ChatFlavour } from "../openai/chat.ts";
import type { Fault } from "../wire-format.ts";
import { OPENAI } from "./openai.ts";

/** Mistral's chat completions: thinking is a part of the content, ids of calls have nine characters. */
export const MISTRAL: ChatFlavour = {
  ...OPENAI,
  told: (text, reasoning) => {
    if (reasoning === undefined) return { content: text };
    const thinking = { type: "thinking", thinking: [{ type: "text", text: reasoning }] };
    return { content: [thinking, ...(typeof text === "string" ? [{ type: "text", text }] : [])] };
  },
  usageOf: ({ input, output, cachedInput }) => ({
    usage: {
      prompt_tokens: input,
      total_tokens: input + output,
      completion_tokens: output,
      ...(cachedInput === 0
        ? {}
        : { num_cached_tokens: cachedInput, prompt_tokens_details: { cached_tokens: cachedInput } }),
    },
  }),
  usageIn: "last-chunk",
  usageWhen: "always",
  callIdOf: ({ id }) => id.slice(-9),
};

/** The body of an error of Mistral's. */
export function mistralErrorOf({ status, message, unknownModel }: Fault): string {
  const type = unknownModel ? "invalid_model" : status === 429 ? "rate_limited" : "invalid_request_error";
  return JSON.stringify({ object: "error", message, type, param: null, code: String(status * 10) });
}
