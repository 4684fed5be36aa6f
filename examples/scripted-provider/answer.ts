import { type Asked, type AskedTool, wordsOf } from "./asked.ts";
import type { Behaviour } from "./behaviour.ts";
import { instanceOf } from "./schema-instance.ts";

/** What a model answers, before a format writes it. */
export interface Answer {
  /** 29 letters and digits; formats put their prefix before it. */
  readonly id: string;
  /** When it was made, in seconds since the Unix epoch. */
  readonly created: number;
  readonly model: string;
  /** What it thought first, in the pieces a stream has. Empty: it does not reason. */
  readonly reasoning: readonly string[];
  /** Its text, in the pieces a stream has. */
  readonly text: readonly string[];
  readonly calls: readonly ToolCall[];
  readonly finish: Finish;
  /** Undefined: it is not told. */
  readonly usage: Usage | undefined;
}

/** A tool that is called. */
export interface ToolCall {
  /** 24 letters and digits; formats put their prefix before it. */
  readonly id: string;
  readonly name: string;
  /** Its arguments as JSON, in the pieces a stream has. */
  readonly pieces: readonly string[];
}

/** Why an answer ends. */
export type Finish = "stop" | "length" | "tool-calls" | "content-filter" | "error";

/** Tokens. Those that are read from a cache, written to it or audio are part of `input`, reasoning is part of `output`. */
export interface Usage {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWriteInput: number;
  readonly audioInput: number;
  readonly output: number;
  readonly reasoning: number;
  readonly audioOutput: number;
}

const PIECE_BYTES = 1024;

/** What a model of that behaviour answers. Every piece counts as a token. */
export function answerOf(asked: Asked, behaviour: Behaviour, id: string, created: number): Answer {
  const calls = callsOf(asked, behaviour, id);
  const whole = calls.length > 0 && behaviour.answer === undefined ? [] : textOf(asked, behaviour);
  const sized = behaviour.answerBytes !== undefined || behaviour.chunks !== undefined;
  const text = sized ? whole : whole.slice(0, asked.tokensMax);
  const reasoning = reasoningOf(asked, behaviour);
  const ended = calls.length > 0 ? "tool-calls" : text.length < whole.length ? "length" : "stop";
  const output = text.length + reasoning.length + calls.reduce((sum, { pieces }) => sum + pieces.length, 0);
  return {
    id,
    created,
    model: behaviour.responseModel ?? asked.model,
    reasoning,
    text,
    calls,
    finish: behaviour.finish ?? ended,
    usage: usageOf(asked.promptTokens, output, reasoning.length, behaviour),
  };
}

/** The arguments of a call, parsed as formats need it that have them as an object. What is no JSON is an empty one. */
export function argumentsOf({ pieces }: ToolCall): unknown {
  try {
    return JSON.parse(pieces.join(""));
  } catch {
    return {};
  }
}

function callsOf({ tools, toolRequired, question }: Asked, { toolCall }: Behaviour, id: string): readonly ToolCall[] {
  const wanted = toolCall === undefined ? toolRequired : toolCall;
  if (tools.length === 0 || wanted === false) return [];
  const { name, arguments: given, times = 1 } = wanted === true ? {} : wanted;
  return Array.from({ length: times }, (_, index) => {
    const tool: AskedTool | undefined = tools[index % tools.length];
    return {
      id: `${id.slice(-22)}${String(index).padStart(2, "0")}`,
      name: name ?? tool?.name ?? "",
      pieces: wordsOf(given ?? JSON.stringify(instanceOf(tool?.schema, question))),
    };
  });
}

function textOf({ question, schema }: Asked, { answer, answerBytes, chunks }: Behaviour): readonly string[] {
  if (answerBytes !== undefined) {
    const full = Array<string>(Math.floor(answerBytes / PIECE_BYTES)).fill("x".repeat(PIECE_BYTES));
    const rest = answerBytes % PIECE_BYTES;
    return rest === 0 ? full : [...full, "x".repeat(rest)];
  }
  if (chunks !== undefined) return Array<string>(chunks).fill("word ");
  if (answer !== undefined) return wordsOf(answer);
  return wordsOf(schema === undefined ? question : JSON.stringify(instanceOf(schema, question)));
}

function reasoningOf({ question }: Asked, { reasoning }: Behaviour): readonly string[] {
  if (reasoning === undefined || reasoning === false) return [];
  return wordsOf(reasoning === true ? `Let me think about: ${question}` : reasoning);
}

function usageOf(prompt: number, output: number, reasoning: number, { usage }: Behaviour): Usage | undefined {
  if (usage === false) return undefined;
  const { cachedInput = 0, cacheWriteInput = 0, audioInput = 0, audioOutput = 0 } = usage === true ? {} : (usage ?? {});
  return {
    input: prompt + cachedInput + cacheWriteInput + audioInput,
    cachedInput,
    cacheWriteInput,
    audioInput,
    output: output + audioOutput,
    reasoning,
    audioOutput,
  };
}
