import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4ReasoningPart,
  LanguageModelV4TextPart,
  LanguageModelV4ToolCallPart,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { unsealed } from "../carried-metadata.ts";
import type { Fields } from "../fields.ts";
import { given } from "../given.ts";
import { NO_WORD } from "../untranslatable.ts";
import { type UserPart, userTurnOf } from "../user-turn.ts";
import { fileIn } from "./files.ts";
import { FunctionCalls } from "./function-calls.ts";
import { readFunctionResponse } from "./function-response.ts";

type ModelPart =
  | LanguageModelV4TextPart
  | LanguageModelV4FilePart
  | LanguageModelV4ReasoningPart
  | LanguageModelV4ToolCallPart;

const GOOGLES_OWN = "it is a feature of Google's own";
const OWN_PARTS = ["executableCode", "codeExecutionResult", "toolCall", "toolResponse", "audioTranscription"];

/** The system's instruction: a message for each of its texts. */
export function readSystemInstruction(content: Fields): readonly LanguageModelV4Message[] {
  content.leaveOut("role");
  return content.list("parts", (part) => {
    refuseOwn(part);
    return { role: "system", content: part.requiredText("text") };
  });
}

/** The conversation. The results of functions, which Gemini has in the user's content, become messages of their own. */
export function readContents(request: Fields): readonly LanguageModelV4Message[] {
  const calls = new FunctionCalls();
  return request
    .list("contents", (content): readonly LanguageModelV4Message[] => {
      const role = content.word("role", ["user", "model", "function"]) ?? "user";
      if (role === "model") {
        return [{ role: "assistant", content: [...content.list("parts", (part) => readModelPart(part, calls))] }];
      }
      return userTurnOf(content.list("parts", (part) => readUserPart(part, calls)));
    })
    .flat();
}

function readUserPart(part: Fields, calls: FunctionCalls): UserPart {
  refuseOwn(part);
  part.leaveOut("thoughtSignature");
  part.allowOnly("thought", [false], "only a model's part can be a thought");
  const result = part.object("functionResponse", (response) => readFunctionResponse(response, calls));
  return result ?? fileIn(part) ?? { type: "text", text: part.requiredText("text") };
}

function readModelPart(part: Fields, calls: FunctionCalls): ModelPart {
  refuseOwn(part);
  if (part.has("functionResponse")) throw part.invalid("functionResponse", "is for the user to give");
  const options = given("providerOptions", signedOf(part));
  const isThought = part.flag("thought") ?? false;
  const call = part.object("functionCall", (called): LanguageModelV4ToolCallPart => {
    called.refuse(["partialArgs"], GOOGLES_OWN);
    called.allowOnly("willContinue", [false], GOOGLES_OWN);
    const toolName = called.requiredText("name");
    const toolCallId = calls.call(toolName, called.text("id"));
    return { type: "tool-call", toolCallId, toolName, input: called.json("args") ?? {} };
  });
  const said = call ?? fileIn(part);
  if (said !== undefined) return { ...said, ...options };
  const text = part.requiredText("text");
  return { type: isThought ? "reasoning" : "text", text, ...options };
}

/** What goes back to whoever signed a part. */
function signedOf(part: Fields): SharedV4ProviderOptions | undefined {
  const signature = part.text("thoughtSignature");
  if (signature === undefined) return undefined;
  return unsealed(signature)?.options ?? { google: { thoughtSignature: signature } };
}

function refuseOwn(part: Fields): void {
  part.refuse(OWN_PARTS, GOOGLES_OWN);
  part.refuse(["videoMetadata", "mediaResolution", "mediaProcessing", "partMetadata", "speechMetadata"], NO_WORD);
}
