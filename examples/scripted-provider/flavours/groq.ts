import type { ChatFlavour } from "../openai/chat.ts";
import { chatUsageOf } from "../openai/usage.ts";
import { OPENAI } from "./openai.ts";

/** Groq's chat completions: `reasoning`, and its usage once more in `x_groq`. */
export const GROQ: ChatFlavour = {
  ...OPENAI,
  told: (text, reasoning) => ({
    ...(text === undefined ? {} : { content: text }),
    ...(reasoning === undefined ? {} : { reasoning }),
  }),
  usageOf: (usage, id) => {
    const told = {
      queue_time: 0.01,
      prompt_time: 0.01,
      completion_time: 0.01,
      total_time: 0.02,
      ...chatUsageOf(usage),
    };
    return { x_groq: { id: `req_${id}`, usage: told }, usage: told };
  },
  usageIn: "last-chunk",
  usageWhen: "always",
};
