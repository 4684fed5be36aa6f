import type { LanguageModelV4ResponseMetadata, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { eventBytesOf } from "../../dialects/event-bytes.ts";
import type { ToolCallBlock } from "../answer-blocks.ts";
import { type BlockEvent, BlockOrder } from "../block-order.ts";
import { sealOf } from "../carried-metadata.ts";
import type { AnswerNames, StreamEncoder } from "../codec.ts";
import { untranslatableAnswer } from "../untranslatable.ts";
import { errorObjectOf } from "./error.ts";
import { endingOf, messageHeadOf, usageObjectOf } from "./message.ts";
import { reasoningSealOf } from "./signature.ts";

/** An event, with what else it says. */
interface MessageEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

const THINKING = { type: "thinking", thinking: "", signature: "" };

/** Writes a message as the events of a stream: its blocks one after another, as Anthropic does. */
export class MessageStreamEncoder implements StreamEncoder {
  readonly contentType = "text/event-stream";
  readonly #names: AnswerNames;
  readonly #order = new BlockOrder();
  #said: LanguageModelV4ResponseMetadata | undefined;
  #hasBegun = false;
  /** The place of the block that is being written, or is next. */
  #index = 0;
  #isOpen = false;

  constructor(names: AnswerNames) {
    this.#names = names;
  }

  encode(part: LanguageModelV4StreamPart): Buffer {
    if (part.type === "response-metadata") this.#said = { ...this.#said, ...part };
    if (part.type !== "finish") return this.#written(this.#order.push(part).flatMap((event) => this.#eventsOf(event)));
    return this.#written([
      ...this.#order.end().flatMap((event) => this.#eventsOf(event)),
      { type: "message_delta", delta: endingOf(part.finishReason), usage: usageObjectOf(part.usage) },
    ]);
  }

  end(): Buffer {
    return this.#written([{ type: "message_stop" }]);
  }

  error(message: string): Buffer {
    return eventBytesOf(errorObjectOf(500, message), "error");
  }

  /** The message begins with its first event, when the model that answers is known. */
  #written(events: readonly MessageEvent[]): Buffer {
    if (events.length === 0) return Buffer.alloc(0);
    const head = { type: "message_start", message: messageHeadOf(this.#names, this.#said) };
    const all = this.#hasBegun ? events : [head, ...events];
    this.#hasBegun = true;
    return Buffer.concat(all.map((event) => eventBytesOf(event, event.type)));
  }

  #eventsOf(event: BlockEvent): readonly MessageEvent[] {
    const { block } = event;
    switch (block.kind) {
      case "text":
        return this.#textEventsOf(event);
      case "reasoning":
        return this.#reasoningEventsOf(event);
      case "tool-call":
        return this.#toolEventsOf(event, block);
      case "file":
        throw untranslatableAnswer("a file");
    }
  }

  #textEventsOf(event: BlockEvent): readonly MessageEvent[] {
    switch (event.type) {
      case "start":
        return [this.#start({ type: "text", text: "", citations: null })];
      case "delta":
        return [this.#delta({ type: "text_delta", text: event.text })];
      case "end":
        return [this.#stop()];
    }
  }

  /** Reasoning begins with its first text, since what has none may be hidden. */
  #reasoningEventsOf(event: BlockEvent): readonly MessageEvent[] {
    switch (event.type) {
      case "start":
        return [];
      case "delta": {
        const delta = this.#delta({ type: "thinking_delta", thinking: event.text });
        return this.#isOpen ? [delta] : [this.#start(THINKING), delta];
      }
      case "end": {
        const seal = reasoningSealOf(event.text, event.metadata);
        if (seal.type === "redacted_thinking") return [this.#start(seal), this.#stop()];
        const begun = this.#isOpen ? [] : [this.#start(THINKING)];
        const signed =
          seal.signature === "" ? [] : [this.#delta({ type: "signature_delta", signature: seal.signature })];
        return [...begun, ...signed, this.#stop()];
      }
    }
  }

  #toolEventsOf(event: BlockEvent, { id, name }: ToolCallBlock): readonly MessageEvent[] {
    switch (event.type) {
      case "start": {
        const seal = sealOf(event.metadata, "next");
        const sealed = seal === undefined ? [] : [this.#start({ type: "redacted_thinking", data: seal }), this.#stop()];
        return [...sealed, this.#start({ type: "tool_use", id, name, input: {}, caller: { type: "direct" } })];
      }
      case "delta":
        return [this.#delta({ type: "input_json_delta", partial_json: event.text })];
      case "end":
        return [this.#stop()];
    }
  }

  #start(block: object): MessageEvent {
    this.#isOpen = true;
    return { type: "content_block_start", index: this.#index, content_block: block };
  }

  #delta(delta: object): MessageEvent {
    return { type: "content_block_delta", index: this.#index, delta };
  }

  #stop(): MessageEvent {
    const index = this.#index;
    this.#isOpen = false;
    this.#index += 1;
    return { type: "content_block_stop", index };
  }
}
