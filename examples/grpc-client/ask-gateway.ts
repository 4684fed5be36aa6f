import { credentials, Metadata } from "@grpc/grpc-js";
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { type ChatResponse, InferenceServiceClient } from "#proto/twinspan/inference/v1/inference_service.ts";
import type { Prompt } from "#proto/twinspan/inference/v1/prompt.ts";

/** What came of a question. */
export interface Answered {
  /** This service's own trace, `tr-<32 hex>`. */
  readonly traceId: string;
  /** The gateway's full trace of the call. */
  readonly gatewayTraceId: string;
  readonly text: string;
  /** The tokens of the question and of the answer. */
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
}

const CALL_MS = 60_000;

/** Asks an endpoint of the gateway at `target`. The trace context travels by itself: the channel is instrumented. */
export function askGateway(target: string, endpoint: string, question: string): Promise<Answered> {
  const client = new InferenceServiceClient(target, credentials.createInsecure());
  return trace.getTracer("example-grpc-client").startActiveSpan("serve a request", async (span) => {
    try {
      const { message, summary } = await chat(client, endpoint, question);
      return {
        traceId: `tr-${span.spanContext().traceId}`,
        gatewayTraceId: summary?.traceId ?? "",
        text: message?.text ?? "",
        inputTokens: summary?.usage?.inputTokens ?? 0n,
        outputTokens: summary?.usage?.outputTokens ?? 0n,
      };
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
      client.close();
    }
  });
}

function chat(client: InferenceServiceClient, endpoint: string, question: string): Promise<ChatResponse> {
  const prompt: Prompt = {
    messages: [{ message: { $case: "user", value: { parts: [{ part: { $case: "text", value: question } }] } } }],
    tools: [],
    toolChoice: undefined,
    outputFormat: undefined,
    sampling: undefined,
    reasoning: undefined,
  };
  return new Promise((resolve, reject) => {
    client.chat({ endpoint, prompt }, new Metadata(), { deadline: Date.now() + CALL_MS }, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}
