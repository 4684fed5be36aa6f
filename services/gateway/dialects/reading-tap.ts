import { isObject, parseJson } from "#lib/json-value.ts";
import { ServiceError, serviceErrorOf } from "#lib/service-error.ts";
import type { AnswerFacts, Payload } from "../core/invocation.ts";
import { ProviderError } from "../core/provider-error.ts";
import type { StreamTap } from "./dialect.ts";
import { isDeeperThan } from "./json-value.ts";
import type { Framing, StreamReader } from "./stream-reader.ts";

const NOTHING = Buffer.alloc(0);
/** A chunk is nested at most so deep; a deeper one could exhaust the stack of whoever walks it. */
const DEPTH_MAX = 64;
/** Chunks up to this length are never deep enough to matter, and are not looked at. */
const DEEP_BYTES_MIN = 4096;

/** Watches a stream go by: its framing tells the events apart, its reader knows the dialect. */
export class ReadingTap implements StreamTap {
  readonly #framing: Framing;
  readonly #reader: StreamReader;
  #firstTokenNanos: bigint | undefined;
  #terminalEvent: Buffer | undefined;
  #failure: ServiceError | undefined;

  constructor(framing: Framing, reader: StreamReader) {
    this.#framing = framing;
    this.#reader = reader;
  }

  get isOver(): boolean {
    return this.#terminalEvent !== undefined || this.#failure !== undefined;
  }

  push(bytes: Buffer, nowNanos: bigint): Buffer {
    if (this.isOver) return NOTHING;
    const passed: Buffer[] = [];
    try {
      for (const event of this.#framing.push(bytes)) {
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
    if (this.#reader.isComplete && this.#framing.mayEnd) return this.#framing.rest();
    const message = "The provider's stream was cut before its end.";
    const text = this.#framing.rest().toString("utf8");
    throw text === ""
      ? new ServiceError("provider_protocol", message)
      : new ProviderError("provider_protocol", message, { text });
  }

  facts(): AnswerFacts {
    return { ...this.#reader.facts(), firstTokenNanos: this.#firstTokenNanos };
  }

  reduced(): Payload | undefined {
    return this.#reader.reduced();
  }

  errorEvent(error: ServiceError): Buffer {
    return this.#reader.errorEvent(error);
  }

  /** What of an event goes on to the caller now. */
  #take(event: Buffer, nowNanos: bigint): Buffer {
    const data = this.#framing.dataOf(event);
    if (data === undefined) return event;
    if (data === this.#reader.doneData) {
      this.#terminalEvent = event;
      return NOTHING;
    }
    const chunk = parseJson(data);
    if (!isObject(chunk) || (data.length > DEEP_BYTES_MIN && isDeeperThan(chunk, DEPTH_MAX))) {
      const message = "The provider's stream has an event that is not a chunk of an answer.";
      throw new ProviderError("provider_protocol", message, { text: data });
    }
    const { passed, hasToken, isLast } = this.#reader.read(chunk, event);
    if (hasToken) this.#firstTokenNanos ??= nowNanos;
    if (!isLast) return passed;
    this.#terminalEvent = passed;
    return NOTHING;
  }
}

function failureOf(thrown: unknown): ServiceError {
  if (!(thrown instanceof RangeError)) return serviceErrorOf(thrown);
  const message = "The provider's stream has an event that is too long (limits.eventBytesMax).";
  return new ServiceError("provider_protocol", message, { cause: thrown });
}
