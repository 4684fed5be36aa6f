import type { LanguageModelV4Message } from "@ai-sdk/provider";
import { unsealed } from "../carried-metadata.ts";
import type { Fields } from "../fields.ts";
import { given } from "../given.ts";
import { toolInputIn } from "../json-schema.ts";
import { answerContentOf, toolOutputOf, userContentOf } from "./content.ts";
import { Conversation } from "./conversation.ts";

const OPENAIS_OWN = "an item of this type is of OpenAI's own";

/** The conversation: a text of the user's, or items. */
export function readInput(request: Fields): readonly LanguageModelV4Message[] {
  const conversation = new Conversation();
  const input = request.textOrList("input", (item) => readItem(item, conversation));
  if (typeof input === "string") conversation.say([{ type: "text", text: input }]);
  if (conversation.messages.length === 0) throw request.invalid("input", "must be a text, or a list of items");
  return conversation.messages;
}

function readItem(item: Fields, conversation: Conversation): void {
  // How far an item had come means nothing to another provider.
  item.leaveOut("status");
  const type = item.text("type") ?? "message";
  switch (type) {
    case "message":
      readMessage(item, conversation);
      break;
    case "reasoning":
      readReasoning(item, conversation);
      break;
    case "function_call":
      readCall(item, conversation);
      break;
    case "function_call_output":
      readOutput(item, conversation);
      break;
    case "item_reference":
      throw item.untranslatable("type", "nothing is stored here; send the item itself");
    default:
      throw item.untranslatable("type", OPENAIS_OWN);
  }
}

function readMessage(item: Fields, conversation: Conversation): void {
  item.leaveOut("id", "phase");
  const role = item.word("role", ["user", "assistant", "system", "developer"]) ?? item.missing("role");
  if (!item.has("content")) item.missing("content");
  if (role === "user") conversation.say(userContentOf(item, "content"));
  else if (role === "assistant") conversation.answer(answerContentOf(item));
  else conversation.instruct(instructionOf(item));
}

function instructionOf(item: Fields): string {
  const texts = userContentOf(item, "content").map((part) => {
    if (part.type === "text") return part.text;
    throw item.untranslatable("content", "instructions can only be text");
  });
  return texts.join("");
}

function readReasoning(item: Fields, conversation: Conversation): void {
  const id = item.text("id");
  const sealed = item.text("encrypted_content");
  const texts = [
    ...item.list("summary", (part) => readText(part, "summary_text")),
    ...item.list("content", (part) => readText(part, "reasoning_text")),
  ];
  const seal = sealed === undefined ? undefined : unsealed(sealed);
  if (seal?.of === "next") {
    conversation.sealNextCall(seal.options);
    return;
  }
  const own = { ...given("itemId", id), ...given("reasoningEncryptedContent", sealed) };
  const options = seal?.options ?? (sealed === undefined ? undefined : { openai: own });
  if (texts.length === 0 && options === undefined) return;
  conversation.answer([{ type: "reasoning", text: texts.join("\n\n"), ...given("providerOptions", options) }]);
}

function readText(part: Fields, type: string): string {
  part.allowOnly("type", [type], OPENAIS_OWN);
  return part.requiredText("text");
}

function readCall(item: Fields, conversation: Conversation): void {
  refuseCallers(item);
  item.leaveOut("id");
  item.allowOnly("async", [false], OPENAIS_OWN);
  conversation.call(item.requiredText("call_id"), item.requiredText("name"), toolInputIn(item, "arguments"));
}

function readOutput(item: Fields, conversation: Conversation): void {
  refuseCallers(item);
  item.leaveOut("id", "name");
  const callId = item.requiredText("call_id");
  if (!item.has("output")) item.missing("output");
  const isKnown = conversation.result(callId, toolOutputOf(item));
  if (!isKnown) throw item.invalid("call_id", "is of no `function_call` that came before it");
}

function refuseCallers(item: Fields): void {
  item.refuse(["namespace"], OPENAIS_OWN);
  item.object("caller", (caller) => caller.allowOnly("type", ["direct"], OPENAIS_OWN));
}
