import type {
  LanguageModelV4Message,
  LanguageModelV4ReasoningPart,
  LanguageModelV4TextPart,
  LanguageModelV4ToolCallPart,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { unsealed } from "../carried-metadata.ts";
import type { Fields } from "../fields.ts";
import { given } from "../given.ts";
import { type UserPart, userTurnOf } from "../user-turn.ts";
import { cacheHintOf, readDocument, readImage, readText } from "./prompt-parts.ts";
import { readToolResult } from "./tool-result.ts";

type AssistantPart = LanguageModelV4TextPart | LanguageModelV4ReasoningPart | LanguageModelV4ToolCallPart;

const ANTHROPICS_OWN = "a block of this type is of Anthropic's own";

/** A system prompt, a message a block. */
export function systemPromptOf(fields: Fields, name: string): readonly LanguageModelV4Message[] {
  const system = fields.textOrList(name, (block) => {
    block.allowOnly("type", ["text"], ANTHROPICS_OWN);
    return readText(block);
  });
  if (system === undefined) return [];
  if (typeof system === "string") return [{ role: "system", content: system }];
  return system.map(({ text, providerOptions }) => ({
    role: "system",
    content: text,
    ...given("providerOptions", providerOptions),
  }));
}

/** The conversation. The results of tools, which Anthropic has in the user's messages, become messages of their own. */
export function readMessages(fields: Fields): readonly LanguageModelV4Message[] {
  const toolNames = new Map<string, string>();
  return fields
    .list("messages", (message): readonly LanguageModelV4Message[] => {
      const role = message.word("role", ["user", "assistant", "system"]) ?? message.missing("role");
      if (!message.has("content")) message.missing("content");
      if (role === "system") return systemPromptOf(message, "content");
      return role === "user" ? userMessagesOf(message, toolNames) : [assistantMessageOf(message, toolNames)];
    })
    .flat();
}

function userMessagesOf(message: Fields, toolNames: ReadonlyMap<string, string>): readonly LanguageModelV4Message[] {
  const content = message.textOrList("content", (block): UserPart => {
    const type = block.requiredText("type");
    switch (type) {
      case "text":
        return readText(block);
      case "image":
        return readImage(block);
      case "document":
        return readDocument(block);
      case "tool_result":
        return readToolResult(block, toolNames);
      default:
        throw block.untranslatable("type", ANTHROPICS_OWN);
    }
  });
  return userTurnOf(typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []));
}

function assistantMessageOf(message: Fields, toolNames: Map<string, string>): LanguageModelV4Message {
  // What a seal says of the next block.
  let sealed: SharedV4ProviderOptions | undefined;
  const content = message.textOrList("content", (block): readonly AssistantPart[] => {
    const type = block.requiredText("type");
    switch (type) {
      case "text":
        return [readText(block)];
      case "thinking":
        return [readThinking(block)];
      case "redacted_thinking": {
        const data = block.requiredText("data");
        const seal = unsealed(data);
        if (seal?.of === "next") {
          sealed = seal.options;
          return [];
        }
        return [{ type: "reasoning", text: "", providerOptions: seal?.options ?? claudes({ redactedData: data }) }];
      }
      case "tool_use": {
        const call = readToolUse(block);
        toolNames.set(call.toolCallId, call.toolName);
        const signed = sealed && { ...call, providerOptions: { ...call.providerOptions, ...sealed } };
        sealed = undefined;
        return [signed ?? call];
      }
      default:
        throw block.untranslatable("type", ANTHROPICS_OWN);
    }
  });
  const parts: readonly AssistantPart[] =
    typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []).flat();
  return { role: "assistant", content: [...parts] };
}

function readThinking(block: Fields): LanguageModelV4ReasoningPart {
  const text = block.requiredText("thinking");
  const signature = block.text("signature") ?? "";
  if (signature === "") return { type: "reasoning", text };
  return { type: "reasoning", text, providerOptions: unsealed(signature)?.options ?? claudes({ signature }) };
}

/** What Claude signed is good wherever Claude runs. */
function claudes(said: Record<string, string>): SharedV4ProviderOptions {
  return { anthropic: said, amazonBedrock: said };
}

function readToolUse(block: Fields): LanguageModelV4ToolCallPart {
  block.object("caller", (caller) => caller.allowOnly("type", ["direct"], ANTHROPICS_OWN));
  block.refuse(["toolset_name"], ANTHROPICS_OWN);
  return {
    type: "tool-call",
    toolCallId: block.requiredText("id"),
    toolName: block.requiredText("name"),
    input: block.json("input") ?? {},
    ...cacheHintOf(block),
  };
}
