import type { SharedV4ProviderMetadata, SharedV4ProviderOptions } from "@ai-sdk/provider";
import { isObject, parseJson } from "#lib/json-value.ts";

/**
 * What providers want back unchanged when a conversation goes on, with a part or with the call of a tool. Nothing else
 * is carried.
 */
const FIELDS = {
  this: ["signature", "redactedData", "redactedContent", "thoughtSignature", "itemId", "reasoningEncryptedContent"],
  next: ["thoughtSignature"],
} as const;
/** What every seal begins with: the base64 of `{"twinspan":`. */
const MARK = "eyJ0d2luc3BhbiI6";
/** A provider's name in the metadata. */
const PROVIDER = /^[\w.-]{1,64}$/;

/** What a seal holds. */
export interface Unsealed {
  /** The part it belongs to: the one it came with, or the call of a tool that comes next and has no place for a seal. */
  readonly of: SealedPart;
  readonly options: SharedV4ProviderOptions;
}

export type SealedPart = "this" | "next";

/**
 * Seals what a provider wants back of a part of its answer (signatures of reasoning, ids of items) into one text that a
 * caller's format has a place for: base64, opaque to the caller, who hands it back with the part. The gateway keeps
 * nothing between calls. Undefined: the provider wants nothing back.
 */
export function sealOf(metadata: SharedV4ProviderMetadata | undefined, of: SealedPart = "this"): string | undefined {
  const carried = carriedOf(metadata, of);
  return carried && Buffer.from(`{"twinspan":${JSON.stringify(carried)},"of":"${of}"}`).toString("base64");
}

/** What was sealed, for the provider. Undefined: the text is no seal. */
export function unsealed(text: string): Unsealed | undefined {
  if (!text.startsWith(MARK)) return undefined;
  const seal = parseJson(Buffer.from(text, "base64").toString("utf8"));
  if (!isObject(seal)) return undefined;
  const of = seal["of"] === "next" ? "next" : "this";
  const options = carriedOf(seal["twinspan"], of);
  return options && { of, options };
}

/** Of metadata what is carried. Undefined: nothing is. */
function carriedOf(metadata: unknown, of: SealedPart): SharedV4ProviderOptions | undefined {
  if (!isObject(metadata)) return undefined;
  const carried: SharedV4ProviderOptions = {};
  for (const [provider, said] of Object.entries(metadata)) {
    if (!isObject(said) || !PROVIDER.test(provider)) continue;
    const kept = FIELDS[of].flatMap((field) => {
      const value = said[field];
      return typeof value === "string" ? [[field, value] as const] : [];
    });
    if (kept.length > 0) carried[provider] = Object.fromEntries(kept);
  }
  return Object.keys(carried).length === 0 ? undefined : carried;
}
