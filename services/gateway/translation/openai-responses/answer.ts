import type { LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { blocksOf } from "../answer-blocks.ts";
import type { AnswerNames, DecodedChat } from "../codec.ts";
import { carrierOf, itemIdOf, itemOf } from "./items.ts";
import { endingOf, responseHeadOf, usageObjectOf } from "./response.ts";

/** Writes a response. */
export function encodeAnswer(answer: LanguageModelV4GenerateResult, names: AnswerNames, decoded: DecodedChat): Buffer {
  const output: object[] = [];
  for (const { block, text, metadata } of blocksOf(answer.content)) {
    const carrier =
      block.kind === "tool-call" ? carrierOf(itemIdOf(names.id, "reasoning", output.length), metadata) : undefined;
    if (carrier !== undefined) output.push(carrier);
    output.push(itemOf(itemIdOf(names.id, block.kind, output.length), block, text, metadata));
  }
  const response = {
    ...responseHeadOf(names, decoded, answer.response),
    output,
    ...endingOf(answer.finishReason),
    usage: usageObjectOf(answer.usage),
  };
  return Buffer.from(JSON.stringify(response));
}
