import { isObject, type JsonObject, parseJson } from "#lib/json-value.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { ChatEnd, StreamChatResponse, ToolCallPiece } from "#proto/twinspan/inference/v1/inference_service.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { coinedOf } from "../core/words.ts";
import { EventFraming } from "../dialects/event-framing.ts";
import { finishReasonIn, reasoningIn, textOf } from "./chat-answer.ts";

/** A call has at most so many tool calls; what is beyond is left out, as in the record. */
const TOOL_CALLS_MAX = 1024;

/** Turns the events of a chat completion's stream into typed pieces of an answer, as they come. */
export class ChatPieces {
  readonly #framing: EventFraming;
  #end: Omit<ChatEnd, "summary"> = {
    finishReason: FinishReason.FINISH_REASON_UNSPECIFIED,
    model: "",
    responseId: "",
  };

  /** The events were held to `eventBytesMax` before. */
  constructor(eventBytesMax: number) {
    this.#framing = new EventFraming(eventBytesMax);
  }

  /** The pieces that the next bytes of the stream come to. */
  *push(bytes: Buffer): Generator<StreamChatResponse, void, void> {
    for (const event of this.#framing.push(bytes)) {
      const chunk = parseJson(this.#framing.dataOf(event) ?? "");
      if (isObject(chunk)) yield* this.#read(chunk);
    }
  }

  /** The last piece. */
  end(summary: InvocationSummary): StreamChatResponse {
    return { piece: { $case: "end", value: { ...this.#end, summary } } };
  }

  *#read(chunk: JsonObject): Generator<StreamChatResponse, void, void> {
    const { model, responseId, finishReason } = this.#end;
    const choice: unknown = Array.isArray(chunk["choices"]) ? chunk["choices"][0] : undefined;
    const { delta, ...told } = isObject(choice) ? choice : {};
    this.#end = {
      model: model || (coinedOf(chunk["model"]) ?? ""),
      responseId: responseId || (coinedOf(chunk["id"]) ?? ""),
      finishReason: finishReasonIn(told) ?? finishReason,
    };
    if (isObject(delta)) yield* piecesOf(delta);
  }
}

function* piecesOf(delta: JsonObject): Generator<StreamChatResponse, void, void> {
  const reasoning = reasoningIn(delta);
  if (reasoning !== "") yield { piece: { $case: "reasoning", value: reasoning } };
  const text = textOf(delta["content"]);
  if (text !== "") yield { piece: { $case: "text", value: text } };
  const refusal = textOf(delta["refusal"]);
  if (refusal !== "") yield { piece: { $case: "refusal", value: refusal } };
  const calls: readonly unknown[] = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"] : [];
  for (const [place, call] of calls.entries()) {
    const piece = isObject(call) ? toolCallPieceOf(call, place) : undefined;
    if (piece !== undefined) yield { piece: { $case: "toolCall", value: piece } };
  }
}

function toolCallPieceOf({ index = 0, id, function: called }: JsonObject, place: number): ToolCallPiece | undefined {
  const at = typeof index === "number" ? index : place;
  if (!Number.isInteger(at) || at < 0 || at >= TOOL_CALLS_MAX) return undefined;
  const { name, arguments: argumentsJson } = isObject(called) ? called : {};
  return { index: at, id: textOf(id), name: textOf(name), argumentsJson: textOf(argumentsJson) };
}
