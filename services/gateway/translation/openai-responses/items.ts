import type { SharedV4ProviderMetadata } from "@ai-sdk/provider";
import type { Block } from "../answer-blocks.ts";
import { sealOf } from "../carried-metadata.ts";
import { untranslatableAnswer } from "../untranslatable.ts";

/** The text of a message, as its content. */
export function textPartOf(text: string) {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

/** An item of an answer, whole; or as it begins, without a text. */
export function itemOf(
  id: string,
  block: Block,
  text: string | undefined,
  metadata: SharedV4ProviderMetadata | undefined,
): object {
  const status = text === undefined ? "in_progress" : "completed";
  switch (block.kind) {
    case "text":
      return { id, type: "message", status, role: "assistant", content: text === undefined ? [] : [textPartOf(text)] };
    case "reasoning":
      return {
        id,
        type: "reasoning",
        summary: text === undefined || text === "" ? [] : [{ type: "summary_text", text }],
        encrypted_content: sealOf(metadata) ?? null,
      };
    case "tool-call":
      return { id, type: "function_call", status, call_id: block.id, name: block.name, arguments: text ?? "" };
    case "file":
      if (block.isUrl || !block.mediaType.startsWith("image/")) throw untranslatableAnswer("a file that is no image");
      return { id, type: "image_generation_call", status, result: text ?? null };
  }
}

/** The item that carries what a provider wants back with the call of a tool. Undefined: it wants nothing. */
export function carrierOf(id: string, metadata: SharedV4ProviderMetadata | undefined): object | undefined {
  const seal = sealOf(metadata, "next");
  return seal === undefined ? undefined : { id, type: "reasoning", summary: [], encrypted_content: seal };
}

/** The items of an answer are called by what they are and where they stand. */
export function itemIdOf(answerId: string, kind: Block["kind"], place: number): string {
  return `${PREFIXES[kind]}_${answerId}${place}`;
}

const PREFIXES: Readonly<Record<Block["kind"], string>> = {
  text: "msg",
  reasoning: "rs",
  "tool-call": "fc",
  file: "ig",
};
