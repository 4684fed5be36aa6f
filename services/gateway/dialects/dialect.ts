import type { ServiceError } from "#lib/service-error.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { AnswerFacts, Payload } from "../core/invocation.ts";

/**
 * The wire formats. Several dialects of the contract may be one format: MLflow's unified chat is OpenAI's, under a
 * request type of its own.
 */
export type WireFormat =
  | "openai-chat"
  | "openai-responses"
  | "openai-responses-compact"
  | "openai-embeddings"
  | "anthropic-messages"
  | "anthropic-count-tokens"
  | "gemini-generate-content"
  | "gemini-stream-generate-content"
  | "gemini-embed-content"
  | "gemini-batch-embed-contents"
  | "gemini-count-tokens"
  | "inference-chat"
  | "inference-embed"
  | "raw";

/** A dialect that callers speak: what twinspan must read of it, and nothing more. */
export interface DialectSupport {
  /** What its bytes are. A provider that speaks this format is sent them as they came; others get a translation. */
  readonly format: WireFormat;
  /** What its calls are called in both twins. */
  readonly requestType: RequestType;
  /** What MLflow calls the shape of its messages (`mlflow.message.format`). Undefined: MLflow has no word for it. */
  readonly messageFormat: "openai" | "anthropic" | "gemini" | undefined;
  /** Reads of a request what the gateway needs. Never throws. */
  readRequest(invocation: Invocation): DialectRequest;
  /**
   * Reads what a whole answer (2xx) says about itself. Throws a ProviderError `provider_protocol` when it is not of
   * this dialect.
   */
  readAnswer(body: Buffer): AnswerFacts;
  /** Watches a stream go by. */
  createStreamTap(options: StreamTapOptions): StreamTap;
}

/** A request, read as far as the gateway needs it. */
export interface DialectRequest {
  /** The endpoint it names, in its body or beside it. Undefined: none that can be read. */
  readonly endpointName: string | undefined;
  /** Whether it asks for a stream. */
  readonly streaming: boolean;
  /** Why it must be refused. Undefined: nothing is wrong that a gateway must see. */
  readonly fault: ServiceError | undefined;
  /** Whether an answer of this content type, to this request, is a stream. */
  isStream(contentType: string): boolean;
  /** The request for the record, at most `bytesMax` of its body. Left out: it is recorded as its body came. */
  recorded?(bytesMax: number): Payload;
  /**
   * The request for a provider that speaks the format: the same bytes, with the provider's name for the model.
   * `asksStreamUsage`: whether that provider may be asked for the usage of a stream.
   */
  relayed(model: string, asksStreamUsage: boolean): RelayedRequest;
}

/** A request as a provider that speaks its format is sent it. */
export interface RelayedRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** After the provider's base URL for this format, with its query. */
  readonly path: string;
  readonly body: Buffer;
  /** The headers that belong to the dialect: lower-case names and their values. Never credentials. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether it asks for usage that the caller did not ask for. */
  readonly addsUsage: boolean;
}

export interface StreamTapOptions {
  /** Whether usage was asked for that the caller did not want: what the request adds to the stream is taken out again. */
  readonly withholdUsage: boolean;
  /** The answer's content type, in lower case. */
  readonly contentType: string;
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
   * `provider_protocol` when the stream is not complete or not of this dialect, or the failure that the provider told
   * in it.
   */
  end(): Buffer;
  /**
   * The bytes that tell the caller of a failure where the stream stands now, and end it. Undefined: there are none, and
   * the stream breaks off.
   */
  errorEvent(error: ServiceError): Buffer | undefined;
}
