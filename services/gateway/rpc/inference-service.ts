import { type RpcCall, serverStreaming, unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { isErrorKind, ServiceError } from "#lib/service-error.ts";
import { errorWordOf } from "#lib/spans/words.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { AnswerHead, InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import {
  type ChatRequest,
  type ChatResponse,
  type EmbedRequest,
  type EmbedResponse,
  type InferenceServiceServer,
  InferenceServiceService,
  type StreamChatRequest,
  type StreamChatResponse,
} from "#proto/twinspan/inference/v1/inference_service.ts";
import type { Gateway } from "../gateway.ts";
import { chatAnswerOf } from "../inference/chat-answer.ts";
import { chatBodyOf } from "../inference/chat-body.ts";
import { ChatPieces } from "../inference/chat-pieces.ts";
import { embedAnswerOf, embedBodyOf } from "../inference/embeddings.ts";
import { promptErrorOf } from "../inference/prompt-error.ts";
import { providerRefusalOf } from "../inference/provider-refusal.ts";
import { chatInvocationOf, embedInvocationOf, type TypedInvocation } from "../inference/typed-invocation.ts";
import { invoke } from "../invocation/invoke.ts";
import { rpcInvocationOf } from "./rpc-invocation.ts";

/**
 * `twinspan.inference.v1.InferenceService` over the gateway: typed requests become OpenAI's, go the way of every
 * invocation, and what comes back becomes typed again.
 */
export function createInferenceService(gateway: Gateway): ServedService {
  const implementation: InferenceServiceServer = {
    chat: unary<ChatRequest, ChatResponse>(gateway.log, async ({ endpoint, prompt }, rpc) => {
      const typed = chatInvocationOf(endpoint, () => chatBodyOf(endpoint, prompt, false));
      const { body, summary } = await wholeAnswer(gateway, typed, rpc);
      return chatAnswerOf(body, summary);
    }),
    streamChat: serverStreaming<StreamChatRequest, StreamChatResponse>(
      gateway.log,
      ({ endpoint, prompt }, rpc) => {
        const typed = chatInvocationOf(endpoint, () => chatBodyOf(endpoint, prompt, true));
        return streamedAnswer(gateway, typed, rpc);
      },
      gateway.limits.stallMs,
    ),
    embed: unary<EmbedRequest, EmbedResponse>(gateway.log, async (request, rpc) => {
      const typed = embedInvocationOf(request.endpoint, () => embedBodyOf(request));
      const { body, summary } = await wholeAnswer(gateway, typed, rpc);
      return embedAnswerOf(body, request.texts.length, summary);
    }),
  };
  return { name: "twinspan.inference.v1.InferenceService", definition: InferenceServiceService, implementation };
}

async function wholeAnswer(gateway: Gateway, typed: TypedInvocation, rpc: RpcCall) {
  let head: AnswerHead | undefined;
  for await (const piece of piecesOf(gateway, typed, rpc)) {
    head ??= piece.head;
    if (piece.summary === undefined) continue;
    refuseRefusal(head);
    return { body: piece.chunk, summary: piece.summary };
  }
  throw new Error("an invocation ended without a summary");
}

async function* streamedAnswer(
  gateway: Gateway,
  typed: TypedInvocation,
  rpc: RpcCall,
): AsyncGenerator<StreamChatResponse, void, void> {
  const pieces = new ChatPieces(gateway.limits.eventBytesMax);
  for await (const { head, chunk, summary } of piecesOf(gateway, typed, rpc)) {
    if (head !== undefined) refuseRefusal(head);
    if (summary !== undefined) refuseBrokenOff(summary);
    yield* pieces.push(chunk);
    if (summary !== undefined) yield pieces.end(summary);
  }
}

/** The invocation's pieces. What is wrong with the request is told in the words of the typed one. */
async function* piecesOf(
  gateway: Gateway,
  typed: TypedInvocation,
  rpc: RpcCall,
): AsyncGenerator<InvokeStreamResponse, void, void> {
  try {
    yield* invoke(gateway, { ...typed, takesStream: true, ...rpcInvocationOf(rpc) });
  } catch (thrown) {
    throw thrown instanceof ServiceError ? promptErrorOf(thrown) : thrown;
  }
}

/** A provider's refusal is an answer to callers who speak its dialect, and an error to those of typed messages. */
function refuseRefusal(head: AnswerHead | undefined): void {
  const refusal = head && providerRefusalOf(head);
  if (refusal !== undefined) throw refusal;
}

/** An answer that was broken off ends with an error, after the pieces that came. */
function refuseBrokenOff({ errorType }: InvocationSummary): void {
  const word = errorWordOf(errorType);
  if (word === undefined) return;
  const kind = isErrorKind(word) ? word : "internal";
  throw new ServiceError(kind, "The answer broke off. What was said is in the full trace.");
}
