import type {
  EmbeddingModelV4CallOptions,
  EmbeddingModelV4Result,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { WireFormat } from "../dialects/dialect.ts";
import type { Extras } from "./extras.ts";

/**
 * Translates a format to and from the language-model interface of the AI SDK, so that its callers reach providers that
 * do not speak it. Nothing is dropped in silence: what has no place in the interface is a ServiceError `untranslatable`
 * that names the field (`readBody` sees to it).
 */
export interface ChatCodec {
  readonly format: WireFormat;
  readonly kind: "chat";
  /** What the format calls the options of the interface: in these names a caller is told what cannot be translated. */
  readonly fieldNames: Readonly<Partial<Record<OptionName, string>>>;
  /** Reads a request. Throws a ServiceError: `invalid_request` when it is not of the format, or `untranslatable`. */
  decode(invocation: Invocation): DecodedChat;
  /**
   * Writes a whole answer, its usage included. It is given no content of type `custom`. Throws a ServiceError
   * `untranslatable` for what the format has no word for.
   */
  encodeAnswer(answer: LanguageModelV4GenerateResult, names: AnswerNames, decoded: DecodedChat): Buffer;
  /** Begins to write a stream. */
  createStreamEncoder(names: AnswerNames, decoded: DecodedChat): StreamEncoder;
  /** An error that a provider told with an HTTP status, in this format. `message` is the provider's own. */
  errorObject(status: number, message: string): object;
}

/** An option of the interface that a provider's package may have no word for. */
export type OptionName = Exclude<keyof LanguageModelV4CallOptions, "abortSignal" | "headers" | "includeRawChunks">;

/** A chat, read. `options` has all but the signal and the headers. */
export interface DecodedChat {
  readonly options: LanguageModelV4CallOptions;
  /** What else it asks. */
  readonly extras: Extras;
  readonly streaming: boolean;
  /** Whether the caller asked for the usage of a stream. Formats that always have it say true. */
  readonly includesUsage: boolean;
  /** Whether the stream is one JSON array that grows, not events. Gemini's alone; absent: it is not. */
  readonly streamsArray?: boolean;
}

/**
 * What an answer is called, where the provider does not say. Where it says an id, the caller's answer bears that id as
 * it is: both twins have it, and the caller's own span is told to be the same call by it.
 */
export interface AnswerNames {
  /** An id of this gateway's making, without a prefix: 24 characters of [0-9a-z]. */
  readonly id: string;
  /** The model that was asked for. */
  readonly model: string;
  /** In seconds since the Unix epoch. */
  readonly createdSeconds: number;
}

/** Writes the parts of a stream as they come: what a caller of the format reads. */
export interface StreamEncoder {
  /** `text/event-stream`, or what the format has. */
  readonly contentType: string;
  /**
   * The bytes that a part comes to; whole events. May be empty. It is given no part of type `error`, `raw`, `ping`,
   * `custom` and `stream-start`. Throws as `encodeAnswer` does.
   */
  encode(part: LanguageModelV4StreamPart): Buffer;
  /** The end, the terminal event with it. Called once, after the part `finish`. */
  end(): Buffer;
  /** The event that tells of a failure in the middle, as a provider of this format would. `message` is the provider's. */
  error(message: string): Buffer;
}

/** Translates a format of embeddings to and from the embedding-model interface of the AI SDK. */
export interface EmbeddingCodec {
  readonly format: WireFormat;
  readonly kind: "embedding";
  /** As in `ChatCodec`. */
  readonly fieldNames: Readonly<Partial<Record<keyof EmbeddingModelV4CallOptions, string>>>;
  /** Reads a request. Throws as `ChatCodec.decode` does. */
  decode(invocation: Invocation): DecodedEmbedding;
  /** Writes an answer, its usage included. */
  encodeAnswer(answer: EmbeddingModelV4Result, names: AnswerNames, decoded: DecodedEmbedding): Buffer;
  errorObject(status: number, message: string): object;
}

/** A request for embeddings, read. `options` has all but the signal and the headers. */
export interface DecodedEmbedding {
  readonly options: EmbeddingModelV4CallOptions;
  readonly extras: Extras;
  /** Whether vectors are written in base64, not as numbers. OpenAI's alone; absent: they are not. */
  readonly inBase64?: boolean;
}

export type Codec = ChatCodec | EmbeddingCodec;
