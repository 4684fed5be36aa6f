import type { LanguageModelV4FilePart } from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { filePartOfBase64, filePartOfUrl } from "../file-part.ts";
import { given } from "../given.ts";

/** The host of Google's store of files, which nobody else can read. */
const GOOGLES_FILES = /^(gs:|https:\/\/generativelanguage\.googleapis\.com\/)/i;

/** The file in a part, within it or by its address. Undefined: it has none. */
export function fileIn(part: Fields): LanguageModelV4FilePart | undefined {
  const within = part.object("inlineData", (blob) => ({
    ...filePartOfBase64(blob.requiredText("data"), blob.requiredText("mimeType")),
    ...given("filename", blob.text("displayName")),
  }));
  return within ?? part.object("fileData", readFileData);
}

function readFileData(data: Fields): LanguageModelV4FilePart {
  const address = data.requiredText("fileUri");
  if (GOOGLES_FILES.test(address)) throw data.untranslatable("fileUri", "the file is stored with Google");
  const mediaType = data.text("mimeType");
  const file = filePartOfUrl(address, "image", data.pathOf("fileUri"));
  return { ...file, ...given("mediaType", mediaType), ...given("filename", data.text("displayName")) };
}
