import type { LanguageModelV4FilePart, LanguageModelV4TextPart, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { filePartOfBase64, filePartOfUrl } from "../file-part.ts";
import { given } from "../given.ts";

/**
 * What `cache_control` says, for providers that have it. It is a hint: it changes what a call costs, and nothing about
 * its answer, so others may go without.
 */
export function cacheHintOf(fields: Fields): { readonly providerOptions?: SharedV4ProviderOptions } {
  const cacheControl = fields.object("cache_control", (control) => {
    control.allowOnly("type", ["ephemeral"], "no other cache is known");
    const ttl = control.word("ttl", ["5m", "1h"]);
    return { type: "ephemeral", ...given("ttl", ttl) };
  });
  return cacheControl === undefined ? {} : { providerOptions: { anthropic: { cacheControl } } };
}

/** A `text` block. */
export function readText(block: Fields): LanguageModelV4TextPart {
  if (block.list("citations", (citation) => citation.all()).length > 0) {
    throw block.untranslatable("citations", "other providers cite in ways of their own");
  }
  return { type: "text", text: block.requiredText("text"), ...cacheHintOf(block) };
}

/** An `image` block. */
export function readImage(block: Fields): LanguageModelV4FilePart {
  block.refuse(["transformations"], "other providers cannot transform images");
  return hinted(block, fileOf(block, "image"));
}

/** A `document` block. */
export function readDocument(block: Fields): LanguageModelV4FilePart {
  block.refuse(["context"], "other providers have no place for it");
  block.object("citations", (config) => {
    config.allowOnly("enabled", [false], "other providers cite in ways of their own");
  });
  return hinted(block, { ...fileOf(block, "application/pdf"), ...given("filename", block.text("title")) });
}

function hinted(block: Fields, file: LanguageModelV4FilePart): LanguageModelV4FilePart {
  const { providerOptions } = cacheHintOf(block);
  return providerOptions === undefined
    ? file
    : { ...file, providerOptions: { ...file.providerOptions, ...providerOptions } };
}

function fileOf(block: Fields, kind: string): LanguageModelV4FilePart {
  const file = block.object("source", (source): LanguageModelV4FilePart => {
    const type = source.requiredText("type");
    switch (type) {
      case "base64":
        return filePartOfBase64(source.requiredText("data"), source.requiredText("media_type"));
      case "url":
        return filePartOfUrl(source.requiredText("url"), kind, source.pathOf("url"));
      case "text": {
        const mediaType = source.requiredText("media_type");
        return { type: "file", data: { type: "text", text: source.requiredText("data") }, mediaType };
      }
      case "file":
        throw source.untranslatable("type", "the file is stored with Anthropic");
      default:
        throw source.untranslatable("type", "only base64, url and text have a translation");
    }
  });
  return file ?? block.missing("source");
}
