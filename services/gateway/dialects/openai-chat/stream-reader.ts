import { openAiErrorOf } from "#lib/errors/openai-error.ts";
import type { ServiceError } from "#lib/service-error.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import { ProviderError } from "../../core/provider-error.ts";
import type { StreamTapOptions } from "../dialect.ts";
import { scanJsonFields } from "../json-fields.ts";
import { isObject, type JsonObject } from "../json-value.ts";
import type { ChunkRead, StreamReader } from "../stream-reader.ts";
import { ChatReducer } from "./reducer.ts";

/** What asking for usage adds to every chunk but the last, as OpenAI writes it. */
const NULL_USAGE = Buffer.from(',"usage":null');
const NOTHING = Buffer.alloc(0);

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
    // The provider's own error event is the end of the stream: it goes to the caller as it is.
    if (chunk["error"] !== undefined && chunk["error"] !== null) {
      const message = "The provider failed in the middle of its stream.";
      throw new ProviderError("provider_unavailable", message, { text: JSON.stringify(chunk), event: bytes });
    }
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
    return Buffer.from(`data: ${JSON.stringify(openAiErrorOf(error))}\n\n`);
  }
}

/** An event without the usage that the caller did not ask for: the chunk that holds nothing else is left out whole. */
function withoutUsage(event: Buffer, chunk: JsonObject): Buffer {
  const choices = chunk["choices"];
  if (Array.isArray(choices) && choices.length === 0 && isObject(chunk["usage"])) return NOTHING;
  if (chunk["usage"] !== null) return event;
  const jsonStart = event.indexOf("{");
  const range = scanJsonFields(event.subarray(jsonStart), ["usage"]).values.get("usage");
  const end = jsonStart + (range?.end ?? 0);
  const start = end - NULL_USAGE.length;
  if (range === undefined || !event.subarray(start, end).equals(NULL_USAGE)) return event;
  return Buffer.concat([event.subarray(0, start), event.subarray(end)]);
}
