import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { ServiceError } from "#lib/service-error.ts";
import { ProviderError } from "../core/provider-error.ts";
import type { StreamEncoder } from "./codec.ts";
import { isUnreadable, textOf, unreadable } from "./provider-said.ts";
import type { ToldFacts } from "./told-facts.ts";
import type { Translation } from "./translation.ts";
import { isCut } from "./usage.ts";
import { type FieldNames, lossOf } from "./warnings.ts";

/** A stream that is being translated. */
export interface TranslatedStream {
  readonly stream: ReadableStream<LanguageModelV4StreamPart>;
  readonly encoder: StreamEncoder;
  readonly told: ToldFacts;
  readonly translation: Translation;
  readonly fieldNames: FieldNames;
}

/**
 * The body of a translated stream: each part as it comes, as fast as it is read. Throws as `ProviderAnswer.body` does;
 * a failure that the provider tells in the middle is thrown with its event in the caller's format.
 */
export async function* streamedBody(streamed: TranslatedStream): AsyncGenerator<Buffer, void, void> {
  const { providerRequests } = streamed.translation;
  const reader = streamed.stream.getReader();
  try {
    let isOver = false;
    while (!isOver) {
      const { done, value } = await reader.read();
      if (done) throw cutOff(streamed);
      providerRequests.release();
      const bytes = bytesOf(streamed, value);
      if (bytes.length > 0) yield bytes;
      isOver = value.type === "finish";
    }
    yield streamed.encoder.end();
    // Read to the provider's own end, the connection can be used again.
    while (!(await reader.read()).done);
  } catch (error) {
    throw providerRequests.failure ?? (error instanceof ServiceError ? error : unreadable(nameOf(streamed), error));
  } finally {
    providerRequests.close();
    reader.releaseLock();
  }
}

function bytesOf(streamed: TranslatedStream, part: LanguageModelV4StreamPart): Buffer {
  const { encoder, told, fieldNames } = streamed;
  switch (part.type) {
    case "stream-start": {
      const loss = lossOf(part.warnings, fieldNames);
      if (loss !== undefined) throw loss;
      return NOTHING;
    }
    case "raw":
      told.hearChunk(part.rawValue);
      return NOTHING;
    case "ping":
    case "custom":
      return NOTHING;
    case "error":
      throw failureOf(streamed, part.error);
    case "response-metadata":
      told.hearResponse(part);
      return encoder.encode(part);
    case "finish":
      told.hearEnd(part.finishReason, part.usage);
      if (isCut(part.finishReason)) throw cutOff(streamed);
      return encoder.encode(part);
    default:
      return encoder.encode(part);
  }
}

const NOTHING = Buffer.alloc(0);

function failureOf(streamed: TranslatedStream, error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (isUnreadable(error)) return unreadable(nameOf(streamed), error);
  const text = textOf(error);
  const message = `The provider ${nameOf(streamed)} failed in the middle of its stream.`;
  return new ProviderError("provider_unavailable", message, {
    text,
    event: streamed.encoder.error(text),
    cause: error,
  });
}

function cutOff(streamed: TranslatedStream): ServiceError {
  return new ServiceError("provider_protocol", `The provider ${nameOf(streamed)}'s stream was cut before its end.`);
}

function nameOf({ translation }: TranslatedStream): string {
  return translation.provider.name;
}
