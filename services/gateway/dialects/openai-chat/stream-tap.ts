import { openAiErrorOf } from "#lib/errors/openai-error.ts";
import { ServiceError, serviceErrorOf } from "#lib/service-error.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import { ProviderError } from "../../core/provider-error.ts";
import type { StreamTap, StreamTapOptions } from "../dialect.ts";
import { dataOf, EventSplitter } from "../event-splitter.ts";
import { scanJsonFields } from "../json-fields.ts";
import { isDeeperThan, isObject, parseJson } from "../json-value.ts";
import { ChatReducer } from "./reducer.ts";

/** What asking for usage adds to every chunk but the last, as OpenAI writes it. */
const NULL_USAGE = Buffer.from(',"usage":null');
const NOTHING = Buffer.alloc(0);
/** A chunk is nested at most so deep; a deeper one could exhaust the stack of whoever walks it. */
const DEPTH_MAX = 64;
/** Chunks up to this length are never deep enough to matter, and are not looked at. */
const DEEP_BYTES_MIN = 4096;

/** Watches a stream of chat completion chunks go by. */
export class OpenAiChatTap implements StreamTap {
  readonly #options: StreamTapOptions;
  readonly #splitter: EventSplitter;
  readonly #reducer: ChatReducer;
  #firstTokenNanos: bigint | undefined;
  #terminalEvent: Buffer | undefined;
  #failure: ServiceError | undefined;

  constructor(options: StreamTapOptions) {
    this.#options = options;
    this.#splitter = new EventSplitter(options.eventBytesMax);
    this.#reducer = new ChatReducer(options.payloadBytesMax);
  }

  get isOver(): boolean {
    return this.#terminalEvent !== undefined || this.#failure !== undefined;
  }

  push(bytes: Buffer, nowNanos: bigint): Buffer {
    if (this.isOver) return NOTHING;
    const passed: Buffer[] = [];
    try {
      for (const event of this.#splitter.push(bytes)) {
        const kept = this.#take(event, nowNanos);
        if (kept.length > 0) passed.push(kept);
        if (this.isOver) break;
      }
    } catch (thrown) {
      this.#failure = failureOf(thrown);
    }
    return passed.length === 1 ? (passed[0] ?? NOTHING) : Buffer.concat(passed);
  }

  end(): Buffer {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#terminalEvent !== undefined) return this.#terminalEvent;
    if (this.#reducer.isComplete) return this.#splitter.rest();
    throw new ServiceError("provider_protocol", "The provider's stream was cut before its end.");
  }

  facts(): AnswerFacts {
    return { ...this.#reducer.facts(), firstTokenNanos: this.#firstTokenNanos };
  }

  reduced(): Payload | undefined {
    return this.#reducer.reduced();
  }

  errorEvent(error: ServiceError): Buffer {
    return Buffer.from(`data: ${JSON.stringify(openAiErrorOf(error))}\n\n`);
  }

  /** What of an event goes on to the caller now. */
  #take(event: Buffer, nowNanos: bigint): Buffer {
    const data = dataOf(event);
    if (data === undefined) return event;
    if (data === "[DONE]") {
      this.#terminalEvent = event;
      return NOTHING;
    }
    const chunk = parseJson(data);
    if (!isObject(chunk) || (data.length > DEEP_BYTES_MIN && isDeeperThan(chunk, DEPTH_MAX))) {
      const message = "The provider's stream has an event that is not a chunk of an answer.";
      throw new ProviderError("provider_protocol", message, { text: data });
    }
    // The provider's own error event is the end of the stream: it goes to the caller as it is.
    if (chunk["error"] !== undefined && chunk["error"] !== null) {
      throw new ProviderError("provider_unavailable", "The provider failed in the middle of its stream.", {
        text: data,
        event,
      });
    }
    if (this.#reducer.add(chunk)) this.#firstTokenNanos ??= nowNanos;
    return this.#options.withholdUsage ? withoutUsage(event, chunk) : event;
  }
}

function failureOf(thrown: unknown): ServiceError {
  if (!(thrown instanceof RangeError)) return serviceErrorOf(thrown);
  const message = "The provider's stream has an event that is too long (limits.eventBytesMax).";
  return new ServiceError("provider_protocol", message, { cause: thrown });
}

/** An event without the usage that the caller did not ask for: the chunk that holds nothing else is left out whole. */
function withoutUsage(event: Buffer, chunk: Readonly<Record<string, unknown>>): Buffer {
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
