import type { LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { blocksOf, type WholeBlock } from "../answer-blocks.ts";
import { answeredInputOf } from "../answered-input.ts";
import { sealOf } from "../carried-metadata.ts";
import type { AnswerNames } from "../codec.ts";
import { untranslatableAnswer } from "../untranslatable.ts";
import { endingOf, messageHeadOf, usageObjectOf } from "./message.ts";
import { reasoningSealOf } from "./signature.ts";

/** Writes a message. */
export function encodeAnswer(answer: LanguageModelV4GenerateResult, names: AnswerNames): Buffer {
  const message = {
    ...messageHeadOf(names, answer.response),
    content: blocksOf(answer.content).flatMap(contentOf),
    ...endingOf(answer.finishReason),
    usage: usageObjectOf(answer.usage),
  };
  return Buffer.from(JSON.stringify(message));
}

function contentOf({ block, text, metadata }: WholeBlock): readonly object[] {
  switch (block.kind) {
    case "text":
      return [{ type: "text", text, citations: null }];
    case "reasoning": {
      const seal = reasoningSealOf(text, metadata);
      return [seal.type === "thinking" ? { type: "thinking", thinking: text, signature: seal.signature } : seal];
    }
    case "tool-call": {
      const seal = sealOf(metadata, "next");
      const { id, name } = block;
      const call = { type: "tool_use", id, name, input: answeredInputOf(text), caller: { type: "direct" } };
      return seal === undefined ? [call] : [{ type: "redacted_thinking", data: seal }, call];
    }
    case "file":
      throw untranslatableAnswer("a file");
  }
}
