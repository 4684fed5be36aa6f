import type { SharedV4ProviderMetadata } from "@ai-sdk/provider";
import { sealOf } from "../carried-metadata.ts";

/** What goes back with reasoning: its signature, or in the place of reasoning that is hidden. */
export type ReasoningSeal =
  | { readonly type: "thinking"; readonly signature: string }
  | { readonly type: "redacted_thinking"; readonly data: string };

/**
 * How reasoning is sealed, with `text` or without. What Claude signed keeps its signature, so that it is good wherever
 * Claude runs; what others want back is sealed.
 */
export function reasoningSealOf(text: string, metadata: SharedV4ProviderMetadata | undefined): ReasoningSeal {
  const claudes = metadata?.["anthropic"] ?? metadata?.["amazonBedrock"] ?? metadata?.["bedrock"];
  const { signature, redactedData } = claudes ?? {};
  if (text === "" && typeof redactedData === "string") return { type: "redacted_thinking", data: redactedData };
  if (typeof signature === "string") return { type: "thinking", signature };
  return { type: "thinking", signature: sealOf(metadata) ?? "" };
}
