import type { LanguageModelV4, LanguageModelV4FilePart, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { untranslatable } from "./untranslatable.ts";

/**
 * Refuses a prompt with a file that is given by its address, where the provider does not fetch such addresses. The
 * gateway fetches nothing for a caller: what is at an address may be inside the operator's network.
 */
export async function refuseUnfetchedUrls(
  { supportedUrls }: LanguageModelV4,
  prompt: LanguageModelV4Prompt,
  promptField: string,
): Promise<void> {
  const files = [...filesOf(prompt)].filter(({ data }) => data.type === "url");
  if (files.length === 0) return;
  const supported = await supportedUrls;
  for (const { mediaType, data, providerOptions } of files) {
    if (data.type !== "url" || isFetched(supported, mediaType, data.url)) continue;
    const field = providerOptions?.["twinspan"]?.["field"];
    const why = "the provider fetches no address of this kind; send the file as a data URL";
    throw untranslatable(typeof field === "string" ? field : promptField, why);
  }
}

type GivenFile = Pick<LanguageModelV4FilePart, "data" | "mediaType" | "providerOptions">;

function* filesOf(prompt: LanguageModelV4Prompt): Generator<GivenFile> {
  for (const { content } of prompt) {
    if (typeof content === "string") continue;
    for (const part of content) {
      if (part.type === "file") yield part;
      if (part.type !== "tool-result" || part.output.type !== "content") continue;
      for (const item of part.output.value) if (item.type === "file") yield item;
    }
  }
}

function isFetched(supported: Record<string, RegExp[]>, mediaType: string, url: URL): boolean {
  const [family = ""] = mediaType.split("/");
  return ["*", "*/*", `${family}/*`, family, mediaType].some((type) =>
    supported[type]?.some((pattern) => pattern.test(url.href.toLowerCase())),
  );
}
