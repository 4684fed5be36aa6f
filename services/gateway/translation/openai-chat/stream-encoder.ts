import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { AnswerNames, DecodedChat, StreamEncoder } from "../codec.ts";
import { errorObjectOf } from "../openai-error.ts";
import { untranslatableAnswer } from "../untranslatable.ts";
import { annotationsOf } from "./answer.ts";
import { finishWordOf, usageObjectOf } from "./usage.ts";

const NOTHING = Buffer.alloc(0);

/** Writes a stream of chat completion chunks. */
export class ChunkEncoder implements StreamEncoder {
  readonly contentType = "text/event-stream";
  readonly #createdSeconds: number;
  readonly #includesUsage: boolean;
  /** Its place in the list of calls, by a call's id. */
  readonly #calls = new Map<string, number>();
  #id: string;
  #model: string;
  #hasBegun = false;
  #usage: object | undefined;

  constructor(names: AnswerNames, { includesUsage }: DecodedChat) {
    this.#createdSeconds = names.createdSeconds;
    this.#includesUsage = includesUsage;
    this.#id = `chatcmpl-${names.id}`;
    this.#model = names.model;
  }

  encode(part: LanguageModelV4StreamPart): Buffer {
    switch (part.type) {
      case "response-metadata":
        this.#id = part.id || this.#id;
        this.#model = part.modelId || this.#model;
        return NOTHING;
      case "text-delta":
        return part.delta === "" ? NOTHING : this.#delta({ content: part.delta });
      case "reasoning-delta":
        return part.delta === "" ? NOTHING : this.#delta({ reasoning_content: part.delta });
      case "tool-input-start":
        return this.#delta({ tool_calls: [this.#call(part.id, part.toolName, "")] });
      case "tool-input-delta":
        return this.#delta({ tool_calls: [{ index: this.#calls.get(part.id), function: { arguments: part.delta } }] });
      case "tool-call":
        // What came piece by piece is not said again.
        if (this.#calls.has(part.toolCallId)) return NOTHING;
        return this.#delta({ tool_calls: [this.#call(part.toolCallId, part.toolName, part.input)] });
      case "source":
        return this.#annotations(annotationsOf(part));
      case "finish":
        this.#usage = usageObjectOf(part.usage);
        return this.#delta({}, finishWordOf(part.finishReason));
      case "file":
      case "reasoning-file":
      case "tool-result":
      case "tool-approval-request":
        throw untranslatableAnswer(`content of type ${part.type}`);
      default:
        return NOTHING;
    }
  }

  end(): Buffer {
    const usage = this.#includesUsage && this.#usage ? this.#chunk({ choices: [], usage: this.#usage }) : "";
    return Buffer.from(`${usage}data: [DONE]\n\n`);
  }

  error(message: string): Buffer {
    return Buffer.from(eventOf(errorObjectOf(500, message)));
  }

  #call(id: string, name: string, input: string) {
    const index = this.#calls.size;
    this.#calls.set(id, index);
    return { index, id, type: "function", function: { name, arguments: input } };
  }

  #annotations(annotations: readonly object[]): Buffer {
    return annotations.length === 0 ? NOTHING : this.#delta({ annotations });
  }

  #delta(delta: object, finishReason: string | null = null): Buffer {
    const head = this.#hasBegun ? "" : this.#choice({ role: "assistant", content: "", refusal: null }, null);
    this.#hasBegun = true;
    return Buffer.from(head + this.#choice(delta, finishReason));
  }

  #choice(delta: object, finishReason: string | null): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
    return this.#chunk(this.#includesUsage ? { choices, usage: null } : { choices });
  }

  #chunk(rest: object): string {
    const created = this.#createdSeconds;
    return eventOf({ id: this.#id, object: "chat.completion.chunk", created, model: this.#model, ...rest });
  }
}

function eventOf(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
