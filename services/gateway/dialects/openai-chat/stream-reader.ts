import { openAiErrorOf } from "#lib/errors/openai-error.ts";
import type { JsonObject } from "#lib/json-value.ts";
import type { ServiceError } from "#lib/service-error.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import type { StreamTapOptions } from "../dialect.ts";
import { eventBytesOf } from "../event-bytes.ts";
import { openAiToldErrorOf } from "../openai-told-error.ts";
import type { ChunkRead, StreamReader } from "../stream-reader.ts";
import { ChatReducer } from "./reducer.ts";
import { withoutUsage } from "./withheld-usage.ts";

/** Reads the chunks of a chat completion. */
export class OpenAiChatReader implements StreamReader {
  readonly doneData = "[DONE]";
  readonly #withholdsUsage: boolean;
  readonly #reducer: ChatReducer;

  constructor({ withholdUsage, payloadBytesMax }: StreamTapOptions) {
    this.#withholdsUsage = withholdUsage;
    this.#reducer = new ChatReducer(payloadBytesMax);
  }

  get isComplete(): boolean {
    return this.#reducer.isComplete;
  }

  read(chunk: JsonObject, bytes: Buffer): ChunkRead {
    const { error } = chunk;
    if (error !== undefined && error !== null) throw openAiToldErrorOf(error, bytes);
    const hasToken = this.#reducer.add(chunk);
    return { passed: this.#withholdsUsage ? withoutUsage(bytes, chunk) : bytes, hasToken, isLast: false };
  }

  facts(): AnswerFacts {
    return this.#reducer.facts();
  }

  reduced(): Payload | undefined {
    return this.#reducer.reduced();
  }

  errorEvent(error: ServiceError): Buffer {
    return eventBytesOf(openAiErrorOf(error));
  }
}
