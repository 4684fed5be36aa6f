import type { ChatFlavour } from "../openai/chat.ts";
import { chatUsageOf } from "../openai/usage.ts";
import type { Fault } from "../wire-format.ts";
import { OPENAI } from "./openai.ts";

/** xAI's chat completions: reasoning counts beside the completion, not in it. */
export const XAI: ChatFlavour = {
  ...OPENAI,
  usageOf: (usage) => ({
    usage: { ...chatUsageOf(usage), completion_tokens: usage.output - usage.reasoning, num_sources_used: 0 },
  }),
  usageWhen: "always",
};

/** The body of an error of xAI's. */
export function xaiErrorOf({ message, status }: Fault): string {
  const code = status < 500 ? "Client specified an invalid argument" : "The service is currently unavailable";
  return JSON.stringify({ code, error: message });
}
