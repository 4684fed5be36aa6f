import type { LanguageModelV4Content, SharedV4ProviderMetadata } from "@ai-sdk/provider";
import { sealOf } from "./carried-metadata.ts";
import { untranslatableAnswer } from "./untranslatable.ts";

/** What a call of a tool is that the provider has and runs itself. */
export const PROVIDERS_CALL = "a call of a tool of its provider's";

/** What an answer is made of, where formats have a word for it. */
export type Block = TextBlock | ReasoningBlock | ToolCallBlock | FileBlock;

export interface TextBlock {
  readonly kind: "text";
}

export interface ReasoningBlock {
  readonly kind: "reasoning";
}

/** A call of one of the caller's own tools. Its text is the input, as JSON. */
export interface ToolCallBlock {
  readonly kind: "tool-call";
  readonly id: string;
  readonly name: string;
}

/** A file that the model made. Its text is the file in base64, or its URL. */
export interface FileBlock {
  readonly kind: "file";
  readonly mediaType: string;
  readonly isUrl: boolean;
}

/** A block that is whole. */
export interface WholeBlock {
  readonly block: Block;
  readonly text: string;
  /** What the provider says beside it. */
  readonly metadata: SharedV4ProviderMetadata | undefined;
}

/**
 * The blocks of an answer. Left out are sources, and blocks that say nothing. Throws a ServiceError `untranslatable`
 * for other content that no format has a word for.
 */
export function blocksOf(content: readonly LanguageModelV4Content[]): readonly WholeBlock[] {
  return content.flatMap((part): readonly WholeBlock[] => {
    const whole = blockOf(part);
    return whole !== undefined && isSaying(whole.block, whole.text, whole.metadata) ? [whole] : [];
  });
}

/** Whether a block has anything to say: a text without text has not, reasoning may be a signature alone. */
export function isSaying(block: Block, text: string, metadata: SharedV4ProviderMetadata | undefined): boolean {
  return text !== "" || block.kind === "tool-call" || (block.kind === "reasoning" && sealOf(metadata) !== undefined);
}

/** A part of an answer that comes whole, as a block. Undefined: it is left out. Throws as `blocksOf` does. */
export function blockOf(part: LanguageModelV4Content): WholeBlock | undefined {
  const metadata = part.providerMetadata;
  switch (part.type) {
    case "text":
    case "reasoning":
      return { block: { kind: part.type }, text: part.text, metadata };
    case "tool-call": {
      if (part.providerExecuted === true) throw untranslatableAnswer(PROVIDERS_CALL);
      return {
        block: { kind: "tool-call", id: part.toolCallId, name: part.toolName },
        text: part.input.trim() === "" ? "{}" : part.input,
        metadata,
      };
    }
    case "file": {
      const isUrl = part.data.type === "url";
      return { block: { kind: "file", mediaType: part.mediaType, isUrl }, text: textOf(part.data), metadata };
    }
    case "source":
      return undefined;
    default:
      throw untranslatableAnswer(`content of type ${part.type}`);
  }
}

function textOf(data: Extract<LanguageModelV4Content, { readonly type: "file" }>["data"]): string {
  if (data.type === "url") return data.url.href;
  return typeof data.data === "string" ? data.data : Buffer.from(data.data).toString("base64");
}
