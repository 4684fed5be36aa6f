import type {
  LanguageModelV4ResponseMetadata,
  LanguageModelV4StreamPart,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import { eventBytesOf } from "../../dialects/event-bytes.ts";
import type { Block } from "../answer-blocks.ts";
import { type BlockEvent, BlockOrder } from "../block-order.ts";
import type { AnswerNames, DecodedChat, StreamEncoder } from "../codec.ts";
import { type ItemPlace, itemEventsOf, type ResponseEvent } from "./item-events.ts";
import { carrierOf, itemIdOf, itemOf } from "./items.ts";
import { endingOf, responseHeadOf, usageObjectOf } from "./response.ts";

/** Writes a response as the events of a stream: its items one after another, and the whole response with the last event. */
export class ResponseStreamEncoder implements StreamEncoder {
  readonly contentType = "text/event-stream";
  readonly #names: AnswerNames;
  readonly #decoded: DecodedChat;
  readonly #order = new BlockOrder();
  /** The items that are whole. */
  readonly #output: object[] = [];
  #said: LanguageModelV4ResponseMetadata | undefined;
  #head: object | undefined;
  #hasBegun = false;
  #number = 0;
  #ending: ResponseEvent | undefined;

  constructor(names: AnswerNames, decoded: DecodedChat) {
    this.#names = names;
    this.#decoded = decoded;
  }

  encode(part: LanguageModelV4StreamPart): Buffer {
    if (part.type === "response-metadata") this.#said = { ...this.#said, ...part };
    if (part.type !== "finish") return this.#written(this.#order.push(part).flatMap((event) => this.#eventsOf(event)));
    const last = this.#order.end().flatMap((event) => this.#eventsOf(event));
    const ending = endingOf(part.finishReason);
    const response = { ...this.#begun(), output: this.#output, ...ending, usage: usageObjectOf(part.usage) };
    this.#ending = { type: `response.${ending.status}`, response };
    return this.#written(last);
  }

  end(): Buffer {
    return this.#written(this.#ending === undefined ? [] : [this.#ending]);
  }

  error(message: string): Buffer {
    const event = { type: "error", code: "server_error", message, param: null, sequence_number: this.#number };
    return eventBytesOf(event, event.type);
  }

  /** The same from the first event to the last, whatever the provider says of it later. */
  #begun(): object {
    this.#head ??= responseHeadOf(this.#names, this.#decoded, this.#said);
    return this.#head;
  }

  #written(events: readonly ResponseEvent[]): Buffer {
    if (events.length === 0) return Buffer.alloc(0);
    const response = this.#begun();
    const head = [
      { type: "response.created", response },
      { type: "response.in_progress", response },
    ];
    const all = this.#hasBegun ? events : [...head, ...events];
    this.#hasBegun = true;
    return Buffer.concat(
      all.map((event) => {
        const numbered = { ...event, sequence_number: this.#number };
        this.#number += 1;
        return eventBytesOf(numbered, event.type);
      }),
    );
  }

  #eventsOf(event: BlockEvent): readonly ResponseEvent[] {
    const { block } = event;
    const carried = event.type === "start" && block.kind === "tool-call" ? this.#carrierEventsOf(event.metadata) : [];
    const place = this.#placeOf(block.kind);
    const events = itemEventsOf(event, place);
    if (event.type === "end") this.#output.push(itemOf(place.item_id, block, event.text, event.metadata));
    return [...carried, ...events];
  }

  /** The item that carries what a provider wants back with the call that comes next. */
  #carrierEventsOf(metadata: SharedV4ProviderMetadata | undefined): readonly ResponseEvent[] {
    const { item_id, output_index } = this.#placeOf("reasoning");
    const item = carrierOf(item_id, metadata);
    if (item === undefined) return [];
    this.#output.push(item);
    return [
      { type: "response.output_item.added", output_index, item },
      { type: "response.output_item.done", output_index, item },
    ];
  }

  #placeOf(kind: Block["kind"]): ItemPlace {
    const place = this.#output.length;
    return { item_id: itemIdOf(this.#names.id, kind, place), output_index: place };
  }
}
