import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4TextPart,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";

/** What a user's turn may hold, in formats that have the results of tools there. */
export type UserPart = LanguageModelV4TextPart | LanguageModelV4FilePart | LanguageModelV4ToolResultPart;

/** The messages of a user's turn, in its order: the results of tools are messages of their own. */
export function userTurnOf(parts: readonly UserPart[]): readonly LanguageModelV4Message[] {
  const messages: LanguageModelV4Message[] = [];
  for (const part of parts) {
    const last = messages.at(-1);
    if (part.type === "tool-result") {
      if (last?.role === "tool") last.content.push(part);
      else messages.push({ role: "tool", content: [part] });
    } else if (last?.role === "user") last.content.push(part);
    else messages.push({ role: "user", content: [part] });
  }
  return messages;
}
