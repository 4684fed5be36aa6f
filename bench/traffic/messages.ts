import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";

/** What was asked and answered in a call. */
export interface Exchange {
  readonly endpoint: string;
  readonly requestType: RequestType;
  readonly streaming: boolean;
  readonly asked: string;
  readonly answered: string;
  readonly responseId: string;
  readonly responseModel: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What the assistant is told before anything else. */
const SYSTEM = "You answer in the language you are asked in, briefly, and say so when you do not know.";

/** The request as its caller wrote it, in the caller's dialect. */
export function requestBodyOf({ endpoint, requestType, streaming, asked }: Exchange): Buffer {
  const model = endpoint;
  const stream = streaming ? { stream: true } : {};
  switch (requestType) {
    case RequestType.REQUEST_TYPE_OPENAI_EMBEDDINGS:
      return json({ model, input: asked });
    case RequestType.REQUEST_TYPE_OPENAI_RESPONSES:
      return json({ model, instructions: SYSTEM, input: [{ role: "user", content: asked }], ...stream });
    case RequestType.REQUEST_TYPE_ANTHROPIC_MESSAGES:
      return json({ model, max_tokens: 4096, system: SYSTEM, messages: [{ role: "user", content: asked }], ...stream });
    default: {
      const messages = [
        { role: "system", content: SYSTEM },
        { role: "user", content: asked },
      ];
      return json({ model, messages, ...stream });
    }
  }
}

/** The whole answer, in the same dialect. */
export function answerBodyOf(exchange: Exchange): Buffer {
  const { requestType, answered, responseId: id, responseModel: model, inputTokens, outputTokens } = exchange;
  switch (requestType) {
    case RequestType.REQUEST_TYPE_OPENAI_EMBEDDINGS:
      return json({ object: "list", model, data: [{ object: "embedding", index: 0, embedding: [0.0123, -0.0456] }] });
    case RequestType.REQUEST_TYPE_OPENAI_RESPONSES: {
      const content = [{ type: "output_text", text: answered }];
      const usage = { input_tokens: inputTokens, output_tokens: outputTokens };
      return json({ id, object: "response", model, output: [{ type: "message", role: "assistant", content }], usage });
    }
    case RequestType.REQUEST_TYPE_ANTHROPIC_MESSAGES: {
      const content = [{ type: "text", text: answered }];
      const usage = { input_tokens: inputTokens, output_tokens: outputTokens };
      return json({ id, type: "message", role: "assistant", model, content, stop_reason: "end_turn", usage });
    }
    default: {
      const message = { role: "assistant", content: answered };
      const usage = { prompt_tokens: inputTokens, completion_tokens: outputTokens };
      return json({
        id,
        object: "chat.completion",
        model,
        choices: [{ index: 0, message, finish_reason: "stop" }],
        usage,
      });
    }
  }
}

/** What MLflow calls the shape of a dialect's messages. */
export function messageFormatOf(requestType: RequestType): "openai" | "anthropic" | undefined {
  if (requestType === RequestType.REQUEST_TYPE_OPENAI_EMBEDDINGS) return undefined;
  return requestType === RequestType.REQUEST_TYPE_ANTHROPIC_MESSAGES ? "anthropic" : "openai";
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
