import type { JsonObject } from "#lib/json-value.ts";
import type { ServiceError } from "#lib/service-error.ts";
import type { AnswerFacts, Payload } from "../core/invocation.ts";

/** Reads the chunks of a stream of one dialect, each a JSON object: what they say, and what answer they come to. */
export interface StreamReader {
  /** The data that is no JSON and ends the stream, such as `[DONE]`. Undefined: the dialect has none. */
  readonly doneData: string | undefined;
  /** Whether the answer is complete, so that the stream may end here though no terminal event came. */
  readonly isComplete: boolean;
  /**
   * Takes a chunk; `bytes` are those of its event, as they came. Throws a ProviderError when it is not of the dialect,
   * or when the provider tells a failure in it.
   */
  read(chunk: JsonObject, bytes: Buffer): ChunkRead;
  /** What the answer has said about itself so far, but for when its first token came. */
  facts(): AnswerFacts;
  /** The answer so far, as one. Undefined: nothing came. */
  reduced(): Payload | undefined;
  /** The bytes that tell the caller of a failure where the stream stands now, and end it. */
  errorEvent(error: ServiceError): Buffer;
}

/** What a chunk was. */
export interface ChunkRead {
  /** What of its event goes on to the caller. Empty: nothing does. */
  readonly passed: Buffer;
  /** Whether it brought a token of the answer. */
  readonly hasToken: boolean;
  /** Whether it is the terminal event: it is held back until the call counts as recorded. */
  readonly isLast: boolean;
}

/** How the chunks of a stream are told apart. */
export interface Framing {
  /** Whether a stream may end after the bytes that came so far. */
  readonly mayEnd: boolean;
  /** The bytes of each event that `bytes` completes, in order. All must be taken before the next bytes come. */
  push(bytes: Buffer): Generator<Buffer, void, void>;
  /** What came after the last event. */
  rest(): Buffer;
  /** The text of an event's data. Undefined: it has none (a comment, a separator). */
  dataOf(event: Buffer): string | undefined;
}
