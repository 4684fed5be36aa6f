import type { ChatFlavour } from "../openai/chat.ts";
import { chatUsageOf } from "../openai/usage.ts";
import type { Fault } from "../wire-format.ts";
import { OPENAI } from "./openai.ts";

/** OpenRouter's chat completions: comments while one waits, `reasoning` with its details, what it cost. */
export const OPENROUTER: ChatFlavour = {
  ...OPENAI,
  told: (text, reasoning) => ({
    ...(text === undefined ? {} : { content: text }),
    ...(reasoning === undefined
      ? {}
      : { reasoning, reasoning_details: [{ type: "reasoning.text", text: reasoning, format: "unknown", index: 0 }] }),
  }),
  usageOf: (usage) => ({ provider: "Scripted", usage: { ...chatUsageOf(usage), cost: 0 } }),
  usageWhen: "always",
  usageChoices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
  preface: ": OPENROUTER PROCESSING\n\n",
};

/** The body of an error of OpenRouter's. */
export function openRouterErrorOf({ status, message }: Fault): string {
  return JSON.stringify({ error: { code: status, message }, user_id: "user_scripted" });
}
