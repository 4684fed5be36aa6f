import { geminiErrorOf } from "#lib/errors/gemini-error.ts";
import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { ServiceError } from "#lib/service-error.ts";
import { failureKindOfStatus } from "../../core/error-type.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import type { ProviderError } from "../../core/provider-error.ts";
import type { StreamTapOptions } from "../dialect.ts";
import { eventBytesOf } from "../event-bytes.ts";
import type { ChunkRead, StreamReader } from "../stream-reader.ts";
import { toldErrorOf } from "../told-error.ts";
import { ContentReducer } from "./reducer.ts";
import type { StreamForm } from "./stream-form.ts";

/** Reads the chunks of generated content. */
export class ContentReader implements StreamReader {
  /** The end of the body ends the stream. */
  readonly doneData = undefined;
  readonly #form: StreamForm;
  readonly #reducer: ContentReducer;
  #hasPassed = false;

  constructor(form: StreamForm, { payloadBytesMax }: StreamTapOptions) {
    this.#form = form;
    this.#reducer = new ContentReducer(payloadBytesMax);
  }

  /** An array says itself where it ends. */
  get isComplete(): boolean {
    return this.#form === "array" || this.#reducer.isComplete;
  }

  read(chunk: JsonObject, bytes: Buffer): ChunkRead {
    if (isObject(chunk["error"])) throw this.#toldError(chunk["error"], bytes);
    this.#hasPassed = true;
    return { passed: bytes, hasToken: this.#reducer.add(chunk), isLast: false };
  }

  facts(): AnswerFacts {
    return this.#reducer.facts();
  }

  reduced(): Payload | undefined {
    return this.#reducer.reduced();
  }

  errorEvent(error: ServiceError): Buffer {
    const told = geminiErrorOf(error);
    if (this.#form === "events") return eventBytesOf(told);
    return Buffer.from(`${this.#hasPassed ? "," : "["}${JSON.stringify(told)}]`);
  }

  /** The failure that Gemini tells in a chunk, which ends the stream. */
  #toldError(told: JsonObject, bytes: Buffer): ProviderError {
    const { code } = told;
    const kind = typeof code === "number" ? failureKindOfStatus(code) : undefined;
    const event = this.#form === "array" ? Buffer.concat([bytes, Buffer.from("]")]) : bytes;
    return toldErrorOf(kind ?? "provider_unavailable", told, event);
  }
}
