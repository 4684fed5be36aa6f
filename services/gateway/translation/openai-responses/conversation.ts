import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4ReasoningPart,
  LanguageModelV4TextPart,
  LanguageModelV4ToolCallPart,
  LanguageModelV4ToolResultOutput,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { given } from "../given.ts";

type AssistantPart =
  | LanguageModelV4TextPart
  | LanguageModelV4FilePart
  | LanguageModelV4ReasoningPart
  | LanguageModelV4ToolCallPart;

/** Makes messages of items: what one side says without a break is one message. */
export class Conversation {
  readonly messages: LanguageModelV4Message[] = [];
  /** The tools of the calls so far, by the calls' ids. */
  readonly #toolNames = new Map<string, string>();
  /** What goes with the next call. */
  #sealed: SharedV4ProviderOptions | undefined;

  instruct(text: string): void {
    this.messages.push({ role: "system", content: text });
  }

  say(parts: readonly (LanguageModelV4TextPart | LanguageModelV4FilePart)[]): void {
    this.messages.push({ role: "user", content: [...parts] });
  }

  answer(parts: readonly AssistantPart[]): void {
    const last = this.messages.at(-1);
    if (last?.role === "assistant") last.content.push(...parts);
    else this.messages.push({ role: "assistant", content: [...parts] });
  }

  /** What a provider wants back with the call that comes next. */
  sealNextCall(options: SharedV4ProviderOptions): void {
    this.#sealed = options;
  }

  call(toolCallId: string, toolName: string, input: unknown): void {
    this.#toolNames.set(toolCallId, toolName);
    this.answer([{ type: "tool-call", toolCallId, toolName, input, ...given("providerOptions", this.#sealed) }]);
    this.#sealed = undefined;
  }

  /** False: there is no such call. */
  result(toolCallId: string, output: LanguageModelV4ToolResultOutput): boolean {
    const toolName = this.#toolNames.get(toolCallId);
    if (toolName === undefined) return false;
    const part = { type: "tool-result", toolCallId, toolName, output } as const;
    const last = this.messages.at(-1);
    if (last?.role === "tool") last.content.push(part);
    else this.messages.push({ role: "tool", content: [part] });
    return true;
  }
}
