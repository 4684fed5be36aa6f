import { anthropicErrorOf } from "#lib/errors/anthropic-error.ts";
import type { JsonObject } from "#lib/json-value.ts";
import type { ServiceError } from "#lib/service-error.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import { ProviderError } from "../../core/provider-error.ts";
import type { StreamTapOptions } from "../dialect.ts";
import { eventBytesOf } from "../event-bytes.ts";
import type { ChunkRead, StreamReader } from "../stream-reader.ts";
import { MessageReducer } from "./reducer.ts";
import { anthropicToldErrorOf } from "./told-error.ts";

/** Reads the events of a message. Each says its type in its data too, so the `event` lines are not looked at. */
export class MessageReader implements StreamReader {
  readonly doneData = undefined;
  /** Only `message_stop` ends a message: without it Anthropic's SDK takes the stream for a broken one. */
  readonly isComplete = false;
  readonly #reducer: MessageReducer;

  constructor({ payloadBytesMax }: StreamTapOptions) {
    this.#reducer = new MessageReducer(payloadBytesMax);
  }

  read(chunk: JsonObject, bytes: Buffer): ChunkRead {
    const { type } = chunk;
    if (type === "error") throw anthropicToldErrorOf(chunk, bytes);
    if (typeof type !== "string") {
      const message = "The provider's stream has an event that is not one of a message.";
      throw new ProviderError("provider_protocol", message, { text: JSON.stringify(chunk) });
    }
    return { passed: bytes, hasToken: this.#reducer.add(chunk), isLast: type === "message_stop" };
  }

  facts(): AnswerFacts {
    return this.#reducer.facts();
  }

  reduced(): Payload | undefined {
    return this.#reducer.reduced();
  }

  errorEvent(error: ServiceError): Buffer {
    return eventBytesOf(anthropicErrorOf(error), "error");
  }
}
