/** What a request asks of a model, whatever format it was asked in. */
export interface Asked {
  readonly model: string;
  /** The text of the last message that is the user's, or a tool's result where that came last. */
  readonly question: string;
  /** The words of all messages; an image counts as 100. */
  readonly promptTokens: number;
  /** The tools that may be called. None: there are none, or one has answered already. */
  readonly tools: readonly AskedTool[];
  /** Whether a tool must be called. */
  readonly toolRequired: boolean;
  /** The JSON schema that the answer shall have. Undefined: it is text. */
  readonly schema: unknown;
  /** The most words the answer may have. Undefined: any number. */
  readonly tokensMax: number | undefined;
}

/** A tool that may be called. */
export interface AskedTool {
  readonly name: string;
  /** The JSON schema of its arguments. */
  readonly schema: unknown;
}

/** A message of the conversation so far. */
export interface Said {
  readonly by: "system" | "user" | "assistant" | "tool";
  readonly text: string;
  /** How many images it has. */
  readonly images: number;
}

/** Which tool is called: the model decides, none, any, or the one of that name. */
export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

/** What a request says, as its format's reader found it. */
export interface Conversation {
  readonly model: string;
  readonly said: readonly Said[];
  readonly tools?: readonly AskedTool[];
  readonly toolChoice?: ToolChoice;
  readonly schema?: unknown;
  readonly tokensMax?: number | null | undefined;
}

/** What an image counts, in tokens. */
const IMAGE_TOKENS = 100;

/** What a conversation asks. */
export function askedOf({ model, said, tools = [], toolChoice = "auto", schema, tokensMax }: Conversation): Asked {
  const last = said.findLast(({ by }) => by === "user" || by === "tool");
  return {
    model,
    question: last?.text ?? "",
    promptTokens: said.reduce((sum, { text, images }) => sum + wordsOf(text).length + images * IMAGE_TOKENS, 0),
    tools: last?.by === "tool" || toolChoice === "none" ? [] : chosenOf(tools, toolChoice),
    toolRequired: toolChoice !== "auto" && toolChoice !== "none",
    schema: schema ?? undefined,
    tokensMax: tokensMax ?? undefined,
  };
}

/** What a request asks that wants vectors of these texts. */
export function askedToEmbed(model: string, texts: readonly string[]): Asked {
  return askedOf({ model, said: texts.map((text) => ({ by: "user", text, images: 0 })) });
}

/** What somebody said, in parts: their text joined, their images counted. */
export function saidOf(
  by: Said["by"],
  parts: readonly { readonly text?: string | undefined; readonly image?: boolean }[],
): Said {
  return {
    by,
    text: parts.map(({ text }) => text ?? "").join(""),
    images: parts.filter(({ image }) => image === true).length,
  };
}

/** The words of a text, each with the space that follows it, so that joined they are the text again. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/^\s+|\S+\s*/g) ?? [];
}

function chosenOf(tools: readonly AskedTool[], choice: ToolChoice): readonly AskedTool[] {
  return typeof choice === "object" ? tools.filter(({ name }) => name === choice.name) : tools;
}
