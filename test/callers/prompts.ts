import type { Message, Prompt } from "#proto/twinspan/inference/v1/prompt.ts";

/** A user's message. */
export const user = (text: string): Message => ({
  message: { $case: "user", value: { parts: [{ part: { $case: "text", value: text } }] } },
});
/** A prompt of these messages, with nothing else unless it is said. */
export const promptOf = (messages: Message[], also: Partial<Prompt> = {}): Prompt => ({
  messages,
  tools: [],
  toolChoice: undefined,
  outputFormat: undefined,
  sampling: undefined,
  reasoning: undefined,
  ...also,
});
/** A tool. */
export const weather = {
  name: "weather",
  description: "Tells the weather.",
  parametersJson: '{"type":"object","properties":{"question":{"type":"string"}}}',
  strict: undefined,
};
