import type { ServiceError } from "#lib/service-error.ts";
import type { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { AnswerFacts, Payload } from "../core/invocation.ts";

/** A wire format that callers and providers speak: what twinspan must read of it, and nothing more. */
export interface DialectSupport {
  readonly requestType: RequestType;
  /** The path of its requests, after a provider's base URL. */
  readonly path: string;
  /** Reads of a request what the gateway needs. Never throws. */
  readRequest(body: Buffer): DialectRequest;
  /**
   * Reads what a whole answer (2xx) says about itself. Throws a ServiceError `provider_protocol` when it is not of this
   * dialect.
   */
  readAnswer(body: Buffer): AnswerFacts;
  /** Watches a stream go by. */
  createStreamTap(options: StreamTapOptions): StreamTap;
  /** The event that tells a caller of a failure in the middle of a stream. */
  errorEvent(error: ServiceError): Buffer;
}

/** A request, read as far as the gateway needs it. */
export interface DialectRequest {
  /** The endpoint it names. Undefined: none that can be read. */
  readonly endpointName: string | undefined;
  /** Whether it asks for a stream. */
  readonly streaming: boolean;
  /** Whether it asks for the usage of its stream. */
  readonly asksForUsage: boolean;
  /** Why it must be refused. Undefined: nothing is wrong that a gateway must see. */
  readonly fault: ServiceError | undefined;
  /**
   * The body for a provider: the same bytes, with the provider's name for the model, and, where `askForUsage`, with the
   * request for the stream's usage.
   */
  bodyFor(model: string, askForUsage: boolean): Buffer;
}

export interface StreamTapOptions {
  /** Whether usage was asked for that the caller did not want: what the request adds to the stream is taken out again. */
  readonly withholdUsage: boolean;
  /** The longest event that is taken, in bytes. */
  readonly eventBytesMax: number;
  /** How much of the answer is kept for the record, in bytes. */
  readonly payloadBytesMax: number;
}

/** What is known of an answer at any moment, also of one that is cut. */
export interface AnswerWatch {
  /** What the answer has said about itself so far. */
  facts(): AnswerFacts;
  /** The answer so far; a stream is reduced to one answer. Undefined: nothing came. */
  reduced(): Payload | undefined;
}

/** Watches a stream go by: what may go on to the caller, what it says about itself, what answer it comes to. */
export interface StreamTap extends AnswerWatch {
  /**
   * Whether nothing more is wanted of the stream: its terminal event came, or it failed. What a provider sends after
   * that does not go on to the caller.
   */
  readonly isOver: boolean;
  /**
   * Takes the next bytes from the provider and returns those that may go to the caller: whole events, as they came.
   * Never throws: bytes that are not of this dialect end the stream, after the events before them.
   */
  push(bytes: Buffer, nowNanos: bigint): Buffer;
  /**
   * Ends the stream and returns the bytes held back to its end, the terminal event with them. Throws a ServiceError
   * `provider_protocol` when the stream is not complete or not of this dialect, or the failure that the provider told in
   * it.
   */
  end(): Buffer;
}
