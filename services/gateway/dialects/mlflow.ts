import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "./dialect.ts";
import { invalidRequest } from "./invalid-request.ts";
import { JsonBody } from "./json-body.ts";
import { openAiChat } from "./openai-chat/openai-chat.ts";
import { openAiEmbeddings } from "./openai-embeddings/openai-embeddings.ts";

/** MLflow's unified chat: OpenAI's chat completions under a request type of its own. */
export const mlflowChat: DialectSupport = { ...openAiChat, requestType: RequestType.REQUEST_TYPE_UNIFIED_CHAT };

/** MLflow's unified embeddings, likewise. */
const mlflowEmbeddings: DialectSupport = {
  ...openAiEmbeddings,
  requestType: RequestType.REQUEST_TYPE_UNIFIED_EMBEDDINGS,
};

/** MLflow's invocations of an endpoint that is named beside the body: what it is for, the body says. */
export function mlflowInvocationsOf({ body: bytes }: Invocation): DialectSupport {
  const body = new JsonBody(bytes, ["messages", "input"]);
  if (body.range("messages") !== undefined) return mlflowChat;
  return body.range("input") !== undefined ? mlflowEmbeddings : neither;
}

/** For a body that is neither a chat nor embeddings: it is refused, as a chat. */
const neither: DialectSupport = {
  ...mlflowChat,
  readRequest(invocation) {
    const request = openAiChat.readRequest(invocation);
    const message = "The body has neither `messages`, which makes it a chat, nor `input`, which makes it embeddings.";
    return { ...request, fault: request.fault ?? invalidRequest(message) };
  },
};
