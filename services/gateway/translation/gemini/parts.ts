import type { SharedV4ProviderMetadata } from "@ai-sdk/provider";
import type { FileBlock, WholeBlock } from "../answer-blocks.ts";
import { answeredInputOf } from "../answered-input.ts";
import { sealOf } from "../carried-metadata.ts";

/** A block, as a part. */
export function partOf({ block, text, metadata }: WholeBlock): object {
  const signed = signatureOf(metadata);
  switch (block.kind) {
    case "text":
      return { text, ...signed };
    case "reasoning":
      return { text, thought: true, ...signed };
    case "tool-call":
      return { functionCall: { id: block.id, name: block.name, args: answeredInputOf(text) }, ...signed };
    case "file":
      return { ...filePartOf(block, text), ...signed };
  }
}

/** What signs a part: Gemini's own signature where it signed, so that it is good at Gemini itself, else what is sealed. */
export function signatureOf(metadata: SharedV4ProviderMetadata | undefined): { readonly thoughtSignature?: string } {
  const own = metadata?.["google"] ?? metadata?.["googleVertex"] ?? metadata?.["vertex"];
  const signature = own?.["thoughtSignature"];
  const sealed = typeof signature === "string" ? signature : sealOf(metadata);
  return sealed === undefined ? {} : { thoughtSignature: sealed };
}

function filePartOf({ mediaType, isUrl }: FileBlock, text: string): object {
  return isUrl
    ? { fileData: { fileUri: text, mimeType: mediaType } }
    : { inlineData: { data: text, mimeType: mediaType } };
}
