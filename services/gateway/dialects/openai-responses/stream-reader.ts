import { openAiErrorEventOf } from "#lib/errors/openai-error.ts";
import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { ServiceError } from "#lib/service-error.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import { ProviderError } from "../../core/provider-error.ts";
import type { StreamTapOptions } from "../dialect.ts";
import { eventBytesOf } from "../event-bytes.ts";
import { openAiToldErrorOf } from "../openai-told-error.ts";
import type { ChunkRead, StreamReader } from "../stream-reader.ts";
import { ResponseReducer } from "./reducer.ts";

/** Reads the events of a response. Each says its type in its data too, so the `event` lines are not looked at. */
export class ResponseReader implements StreamReader {
  /** OpenAI sends none; some who speak its responses do. */
  readonly doneData = "[DONE]";
  readonly isComplete = false;
  readonly #reducer: ResponseReducer;
  /** The number of the next event. */
  #next = 0;

  constructor({ payloadBytesMax }: StreamTapOptions) {
    this.#reducer = new ResponseReducer(payloadBytesMax);
  }

  read(event: JsonObject, bytes: Buffer): ChunkRead {
    const { type, error, sequence_number: number } = event;
    if (type === "error" || isObject(error)) throw openAiToldErrorOf(isObject(error) ? error : event, bytes);
    if (typeof type !== "string") {
      const message = "The provider's stream has an event that is not one of a response.";
      throw new ProviderError("provider_protocol", message, { text: JSON.stringify(event) });
    }
    if (typeof number === "number") this.#next = number + 1;
    this.#reducer.add(type, event);
    if (type === "response.failed") throw openAiToldErrorOf(reasonOf(event), bytes);
    const isLast = type === "response.completed" || type === "response.incomplete";
    return { passed: bytes, hasToken: type.endsWith(".delta") && isText(event["delta"]), isLast };
  }

  facts(): AnswerFacts {
    return this.#reducer.facts();
  }

  reduced(): Payload | undefined {
    return this.#reducer.reduced();
  }

  errorEvent(error: ServiceError): Buffer {
    return eventBytesOf(openAiErrorEventOf(error, this.#next), "error");
  }
}

/** Why a response failed, as the provider says it: in its `error`, else in all that it says. */
function reasonOf(event: JsonObject): unknown {
  const { response } = event;
  return (isObject(response) ? response["error"] : undefined) ?? event;
}

function isText(delta: unknown): boolean {
  return typeof delta === "string" && delta !== "";
}
