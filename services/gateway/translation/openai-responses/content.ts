import type {
  LanguageModelV4FilePart,
  LanguageModelV4TextPart,
  LanguageModelV4ToolResultOutput,
} from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { filePartOfUrl } from "../file-part.ts";
import { given } from "../given.ts";
import { NO_WORD } from "../untranslatable.ts";

type Part = LanguageModelV4TextPart | LanguageModelV4FilePart;

const STORED = "the file is stored with OpenAI";

/** What a user says, or a tool: text, images and files. */
export function userContentOf(item: Fields, name: string): readonly Part[] {
  const content = item.textOrList(name, readPart);
  return typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
}

/** The result of a tool. */
export function toolOutputOf(item: Fields): LanguageModelV4ToolResultOutput {
  const parts = userContentOf(item, "output");
  const [first] = parts;
  if (parts.length === 1 && first?.type === "text") return { type: "text", value: first.text };
  return { type: "content", value: [...parts] };
}

/** What the model answered earlier. */
export function answerContentOf(item: Fields): readonly LanguageModelV4TextPart[] {
  const content = item.textOrList("content", (part): LanguageModelV4TextPart => {
    const type = part.requiredText("type");
    switch (type) {
      case "output_text":
      case "input_text":
        // What it cited, and how sure it was, is not told again.
        part.leaveOut("annotations", "logprobs", "prompt_cache_breakpoint");
        return { type: "text", text: part.requiredText("text") };
      case "refusal":
        return { type: "text", text: part.requiredText("refusal") };
      default:
        throw part.untranslatable("type", "an answer can only be text");
    }
  });
  return typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
}

function readPart(part: Fields): Part {
  part.leaveOut("prompt_cache_breakpoint");
  const type = part.requiredText("type");
  switch (type) {
    case "input_text":
      return { type: "text", text: part.requiredText("text") };
    case "input_image":
      part.refuse(["file_id"], STORED);
      part.allowOnly("detail", ["auto"], NO_WORD);
      return filePartOfUrl(part.requiredText("image_url"), "image", part.pathOf("image_url"));
    case "input_file":
      return readFile(part);
    default:
      throw part.untranslatable("type", "only text, images and files have a translation");
  }
}

function readFile(part: Fields): LanguageModelV4FilePart {
  part.refuse(["file_id"], STORED);
  part.allowOnly("detail", ["auto"], NO_WORD);
  const name = part.has("file_url") ? "file_url" : "file_data";
  if (name === "file_url" && part.has("file_data")) throw part.invalid("file_data", "cannot stand beside `file_url`");
  const file = filePartOfUrl(part.requiredText(name), "application/pdf", part.pathOf(name));
  return { ...file, ...given("filename", part.text("filename")) };
}
