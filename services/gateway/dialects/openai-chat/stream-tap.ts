import { ServiceError } from "#lib/service-error.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import type { StreamTap, StreamTapOptions } from "../dialect.ts";
import { dataOf, EventSplitter } from "../event-splitter.ts";
import { isObject, parseJson } from "../json-value.ts";
import { ChatReducer } from "./reducer.ts";

/** What asking for usage adds to every chunk but the last. Within a JSON string its quotes would be escaped. */
const NULL_USAGE = Buffer.from(',"usage":null');
const NOTHING = Buffer.alloc(0);

/** Watches a stream of chat completion chunks go by. */
export class OpenAiChatTap implements StreamTap {
  readonly #options: StreamTapOptions;
  readonly #splitter: EventSplitter;
  readonly #reducer: ChatReducer;
  #firstTokenNanos: bigint | undefined;
  /** The terminal event and what follows it. */
  #held: Buffer[] = [];
  #failure: ServiceError | undefined;

  constructor(options: StreamTapOptions) {
    this.#options = options;
    this.#splitter = new EventSplitter(options.eventBytesMax);
    this.#reducer = new ChatReducer(options.payloadBytesMax);
  }

  push(bytes: Buffer, nowNanos: bigint): Buffer {
    const passed: Buffer[] = [];
    for (const event of this.#split(bytes)) {
      const kept = this.#take(event, nowNanos);
      if (kept.length > 0) passed.push(kept);
    }
    return passed.length === 1 ? (passed[0] ?? NOTHING) : Buffer.concat(passed);
  }

  end(): Buffer {
    const rest = this.#splitter.rest();
    if (this.#failure !== undefined) throw this.#failure;
    const isTerminated = this.#held.length > 0;
    if (!isTerminated && !this.#reducer.isComplete) {
      throw new ServiceError("provider_protocol", "The provider's stream was cut before its end.");
    }
    return Buffer.concat([...this.#held, rest]);
  }

  facts(): AnswerFacts {
    return { ...this.#reducer.facts(), firstTokenNanos: this.#firstTokenNanos };
  }

  reduced(): Payload | undefined {
    return this.#reducer.reduced();
  }

  #split(bytes: Buffer): readonly Buffer[] {
    try {
      return this.#splitter.push(bytes);
    } catch (cause) {
      throw new ServiceError("provider_protocol", "The provider's stream has an event that is too long.", { cause });
    }
  }

  /** What of an event goes on to the caller now. */
  #take(event: Buffer, nowNanos: bigint): Buffer {
    const data = dataOf(event);
    if (data === undefined) return event;
    if (this.#held.length > 0 || data === "[DONE]") {
      this.#held.push(event);
      return NOTHING;
    }
    const chunk = parseJson(data);
    if (!isObject(chunk)) {
      throw new ServiceError("provider_protocol", "The provider's stream has an event that is not JSON.");
    }
    if (chunk["error"] !== undefined && chunk["error"] !== null) return this.#fail(event, data);
    if (this.#reducer.add(chunk)) this.#firstTokenNanos ??= nowNanos;
    return this.#options.withholdUsage ? withoutUsage(event, chunk) : event;
  }

  /** The provider's own error event is the end of the stream: it goes to the caller as it is. */
  #fail(event: Buffer, data: string): Buffer {
    this.#held.push(event);
    this.#failure = new ProviderStreamError(event, data);
    return NOTHING;
  }
}

/** A failure that the provider told in its stream: the caller gets the provider's own event. */
export class ProviderStreamError extends ServiceError {
  /** The event, as it came. */
  readonly event: Buffer;
  /** What the provider said. Payload. */
  readonly text: string;

  constructor(event: Buffer, text: string) {
    super("provider_unavailable", "The provider failed in the middle of its stream.");
    this.event = event;
    this.text = text;
  }
}

/** An event without the usage that the caller did not ask for: the chunk that holds nothing else is left out whole. */
function withoutUsage(event: Buffer, chunk: Readonly<Record<string, unknown>>): Buffer {
  const choices = chunk["choices"];
  if (Array.isArray(choices) && choices.length === 0 && isObject(chunk["usage"])) return NOTHING;
  const at = chunk["usage"] === null ? event.indexOf(NULL_USAGE) : -1;
  return at === -1 ? event : Buffer.concat([event.subarray(0, at), event.subarray(at + NULL_USAGE.length)]);
}
