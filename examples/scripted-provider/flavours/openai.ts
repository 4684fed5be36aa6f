import type { ChatFlavour } from "../openai/chat.ts";
import { chatUsageOf } from "../openai/usage.ts";

/**
 * Chat completions as OpenAI has them. It never shows what its models think; that this does is what others have added
 * to the format.
 */
export const OPENAI: ChatFlavour = {
  told: (text, reasoning) => ({
    ...(text === undefined ? {} : { content: text }),
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
  }),
  usageOf: (usage) => ({ usage: chatUsageOf(usage) }),
  usageIn: "own-chunk",
  usageWhen: "asked",
  usageChoices: [],
  callIdOf: ({ id }) => `call_${id}`,
  preface: "",
};

/** As hosts of open models have them: Together, Fireworks. They tell their usage with the finish reason, unasked. */
export const OPEN_MODELS: ChatFlavour = { ...OPENAI, usageIn: "last-chunk", usageWhen: "always" };
