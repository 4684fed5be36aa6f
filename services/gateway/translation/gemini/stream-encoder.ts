import type { LanguageModelV4ResponseMetadata, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { type BlockEvent, BlockOrder } from "../block-order.ts";
import type { AnswerNames, DecodedChat, StreamEncoder } from "../codec.ts";
import { type ContentEnding, contentOf, namesOf } from "./answer.ts";
import { errorObjectOf } from "./error.ts";
import { partOf, signatureOf } from "./parts.ts";

/** Writes generated content as a stream of chunks: events, or the elements of one JSON array that grows. */
export class ContentStreamEncoder implements StreamEncoder {
  readonly contentType: string;
  readonly #names: AnswerNames;
  readonly #isArray: boolean;
  readonly #order = new BlockOrder();
  #said: LanguageModelV4ResponseMetadata = {};
  #hasBegun = false;

  constructor(names: AnswerNames, { streamsArray = false }: DecodedChat) {
    this.#names = names;
    this.#isArray = streamsArray;
    this.contentType = streamsArray ? "application/json" : "text/event-stream";
  }

  encode(part: LanguageModelV4StreamPart): Buffer {
    switch (part.type) {
      case "response-metadata":
        this.#said = { ...this.#said, ...part };
        return Buffer.alloc(0);
      case "finish":
        return this.#chunk(this.#order.end().flatMap(partsOf), part);
      default:
        return this.#chunk(this.#order.push(part).flatMap(partsOf));
    }
  }

  /** The end of the body is the end of the stream. */
  end(): Buffer {
    return Buffer.from(this.#isArray ? "]\n" : "");
  }

  error(message: string): Buffer {
    return Buffer.concat([this.#element(errorObjectOf(500, message)), this.end()]);
  }

  #chunk(parts: readonly object[], ending?: ContentEnding): Buffer {
    if (parts.length === 0 && ending === undefined) return Buffer.alloc(0);
    return this.#element(contentOf(namesOf(this.#names, this.#said), parts, ending));
  }

  #element(chunk: object): Buffer {
    const json = JSON.stringify(chunk);
    const before = this.#hasBegun ? ",\r\n" : "[";
    this.#hasBegun = true;
    return Buffer.from(this.#isArray ? before + json : `data: ${json}\r\n\r\n`);
  }
}

/** What an event of a block adds: text as it comes, all else when it is whole. */
function partsOf(event: BlockEvent): readonly object[] {
  const { kind } = event.block;
  if (kind === "tool-call" || kind === "file") return event.type === "end" ? [partOf(event)] : [];
  const thought = kind === "reasoning" ? { thought: true } : {};
  switch (event.type) {
    case "start":
      return [];
    case "delta":
      return [{ text: event.text, ...thought }];
    case "end": {
      const signed = signatureOf(event.metadata);
      return signed.thoughtSignature === undefined ? [] : [{ text: "", ...thought, ...signed }];
    }
  }
}
