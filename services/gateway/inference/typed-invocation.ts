import { ServiceError } from "#lib/service-error.ts";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialects/dialect.ts";
import { openAiChat } from "../dialects/openai-chat/openai-chat.ts";
import { openAiEmbeddings } from "../dialects/openai-embeddings/openai-embeddings.ts";

/** A typed request as an invocation: OpenAI's bytes under a request type of its own. */
export interface TypedInvocation {
  readonly invocation: Invocation;
  readonly dialect: DialectSupport;
}

/** A typed chat. A ServiceError that `bodyOf` throws is the request's fault: it is told, and recorded, as every other is. */
export function chatInvocationOf(endpoint: string, bodyOf: () => Buffer): TypedInvocation {
  return typedInvocationOf(endpoint, bodyOf, {
    ...openAiChat,
    requestType: RequestType.REQUEST_TYPE_INFERENCE_CHAT,
  });
}

/** Typed embeddings, likewise. */
export function embedInvocationOf(endpoint: string, bodyOf: () => Buffer): TypedInvocation {
  return typedInvocationOf(endpoint, bodyOf, {
    ...openAiEmbeddings,
    requestType: RequestType.REQUEST_TYPE_INFERENCE_EMBEDDINGS,
  });
}

function typedInvocationOf(endpoint: string, bodyOf: () => Buffer, dialect: DialectSupport): TypedInvocation {
  const made = bodyOrFaultOf(bodyOf);
  const invocation = {
    dialect: Dialect.DIALECT_UNSPECIFIED,
    endpoint,
    body: made instanceof ServiceError ? Buffer.from("{}") : made,
    target: undefined,
    headers: [],
    credentials: [],
  };
  if (!(made instanceof ServiceError)) return { invocation, dialect };
  const readRequest = (faulty: Invocation) => ({ ...dialect.readRequest(faulty), fault: made });
  return { invocation, dialect: { ...dialect, readRequest } };
}

function bodyOrFaultOf(bodyOf: () => Buffer): Buffer | ServiceError {
  try {
    return bodyOf();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}
