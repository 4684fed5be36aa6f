import type { LanguageModelV4FilePart, LanguageModelV4TextPart } from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { filePartOfBase64, filePartOfUrl } from "../file-part.ts";
import { NO_WORD } from "../untranslatable.ts";

const AUDIO_TYPES: ReadonlyMap<string, string> = new Map([
  ["wav", "audio/wav"],
  ["mp3", "audio/mpeg"],
]);

/** The content of a message that can only be text. */
export function textContentOf(message: Fields): string {
  const content = message.textOrList("content", (part) => {
    part.allowOnly("type", ["text"], "only text can be given here");
    return part.requiredText("text");
  });
  if (content === undefined) message.missing("content");
  return typeof content === "string" ? content : content.join("");
}

/** The content of an answer that is given back: its texts, a refusal among them. */
export function answerContentOf(message: Fields): readonly LanguageModelV4TextPart[] {
  const content = message.textOrList("content", (part) => {
    const type = part.word("type", ["text", "refusal"]) ?? "text";
    return { type: "text", text: part.requiredText(type) } as const;
  });
  if (content === undefined || content === "") return [];
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** The content of a user's message: text, images, audio, files. */
export function userContentOf(message: Fields): (LanguageModelV4TextPart | LanguageModelV4FilePart)[] {
  const content = message.textOrList("content", partOf) ?? message.missing("content");
  return typeof content === "string" ? [{ type: "text", text: content }] : [...content];
}

function partOf(part: Fields): LanguageModelV4TextPart | LanguageModelV4FilePart {
  switch (part.requiredText("type")) {
    case "text":
      return { type: "text", text: part.requiredText("text") };
    case "image_url":
      return part.requiredObject("image_url", imageOf);
    case "input_audio":
      return part.requiredObject("input_audio", audioOf);
    case "file":
      return part.requiredObject("file", fileOf);
    default:
      throw part.untranslatable("type", "only text, image_url, input_audio and file can be translated");
  }
}

function imageOf(image: Fields): LanguageModelV4FilePart {
  image.allowOnly("detail", ["auto"], NO_WORD);
  return filePartOfUrl(image.requiredText("url"), "image", image.pathOf("url"));
}

function audioOf(audio: Fields): LanguageModelV4FilePart {
  const mediaType = AUDIO_TYPES.get(audio.requiredText("format"));
  if (mediaType === undefined) throw audio.untranslatable("format", "only wav and mp3 are known");
  return filePartOfBase64(audio.requiredText("data"), mediaType);
}

function fileOf(file: Fields): LanguageModelV4FilePart {
  file.refuse(["file_id"], "other providers do not have the file");
  const filename = file.text("filename");
  const read = filePartOfUrl(file.requiredText("file_data"), "application/pdf", file.pathOf("file_data"));
  return filename === undefined ? read : { ...read, filename };
}
