import { Metadata, type ServiceError as RpcError } from "@grpc/grpc-js";
import type {
  ChatEnd,
  ChatRequest,
  ChatResponse,
  StreamChatResponse,
} from "#proto/twinspan/inference/v1/inference_service.ts";
import type { ToolCall, UserPart } from "#proto/twinspan/inference/v1/prompt.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { retryDelayMsOf } from "../told.ts";
import { type ChatCaller, CITY, type Clients, failureOf, type Heard, type Wanted } from "./dialect-caller.ts";

/** A caller of the InferenceService: typed messages over gRPC. */
export const typedChatCaller: ChatCaller = {
  requestType: "inference/chat",
  finish: {
    stop: FinishReason.FINISH_REASON_STOP,
    tools: FinishReason.FINISH_REASON_TOOL_CALLS,
    length: FinishReason.FINISH_REASON_LENGTH,
  },
  usage: ({ input, output, cached }) => ({
    inputTokens: BigInt(input),
    outputTokens: BigInt(output),
    totalTokens: BigInt(input + output),
    ...(cached === 0 ? {} : { cacheReadInputTokens: BigInt(cached) }),
  }),
  refusal: typedRefusalOf,
  cut: { code: "UNAVAILABLE", reason: "PROVIDER_PROTOCOL" },
  call: (clients, wanted) => (wanted.stream ? streamed(clients, wanted) : answered(clients, wanted)),
};

/** A provider's refusal as typed callers are told of it: its words stay in the full trace. */
export function typedRefusalOf(status: number): object {
  return status === 429
    ? { code: "RESOURCE_EXHAUSTED", reason: "PROVIDER_RATE_LIMITED" }
    : { code: "UNAVAILABLE", reason: "PROVIDER_UNAVAILABLE" };
}

/** The metadata of a call. */
export function metadataOf({ traceparent }: Wanted): Metadata {
  const metadata = new Metadata();
  metadata.set("traceparent", traceparent);
  return metadata;
}

function requestOf({ endpoint, question, tools, image }: Wanted): ChatRequest {
  const seen = (data: string): UserPart => ({
    part: {
      $case: "image",
      value: { source: { $case: "data", value: Buffer.from(data, "base64") }, mediaType: "image/png", detail: 0 },
    },
  });
  const text: UserPart = { part: { $case: "text", value: question } };
  const parts = image === undefined ? [text] : [text, seen(image)];
  const weather = { name: "weather", description: "", parametersJson: JSON.stringify(CITY), strict: undefined };
  return {
    endpoint,
    prompt: {
      messages: [{ message: { $case: "user", value: { parts } } }],
      tools: tools ? [weather] : [],
      toolChoice: undefined,
      outputFormat: undefined,
      sampling: undefined,
      reasoning: undefined,
    },
  };
}

function answered({ typed }: Clients, wanted: Wanted): Promise<Heard> {
  return new Promise((resolve) => {
    let head = new Metadata();
    const call = typed.chat(requestOf(wanted), metadataOf(wanted), (error, response?: ChatResponse) => {
      const { text = "", reasoning = "", toolCalls = [] } = response?.message ?? {};
      resolve({
        ...typedHeardOf(head, error),
        text,
        reasoning,
        toolCalls: toolCalls.map(callOf),
        finish: response?.finishReason,
        usage: response?.summary?.usage,
        summary: response?.summary,
      });
    });
    call.on("metadata", (received) => {
      head = received;
    });
  });
}

async function streamed({ typed }: Clients, wanted: Wanted): Promise<Heard> {
  const call = typed.streamChat(requestOf(wanted), metadataOf(wanted));
  const calls: ToolCall[] = [];
  let head = new Metadata();
  let error: RpcError | undefined;
  let text = "";
  let reasoning = "";
  let end: ChatEnd | undefined;
  const hear = ({ piece }: StreamChatResponse) => {
    if (piece?.$case === "text") text += piece.value;
    if (piece?.$case === "reasoning") reasoning += piece.value;
    if (piece?.$case === "end") end = piece.value;
    if (piece?.$case === "toolCall") {
      const { index, ...begun } = piece.value;
      const known = calls[index];
      calls[index] =
        known === undefined ? begun : { ...known, argumentsJson: known.argumentsJson + begun.argumentsJson };
    }
  };
  call.on("metadata", (received: Metadata) => {
    head = received;
  });
  call.on("data", hear);
  await new Promise<void>((resolve) => {
    call.on("end", resolve);
    call.on("error", (thrown: RpcError) => {
      error = thrown;
      resolve();
    });
  });
  return {
    ...typedHeardOf(head, error),
    text,
    reasoning,
    toolCalls: error === undefined ? calls.map(callOf) : [],
    finish: end?.finishReason,
    usage: end?.summary?.usage,
    summary: end?.summary,
  };
}

/** What a typed call comes to, but for its answer. */
export function typedHeardOf(head: Metadata, error: RpcError | null | undefined) {
  const failure = failureOf(error ?? undefined);
  const delayMs = error ? retryDelayMsOf({ error }) : undefined;
  return {
    // A call that fails at once has all of its metadata in its trailers.
    metadata: head.get("x-twinspan-trace-id").length > 0 ? head : (error?.metadata ?? head),
    asked: undefined,
    body: undefined,
    status: undefined,
    retryAfter: delayMs === undefined ? undefined : delayMs / 1000,
    failure,
    error: failure,
  };
}

function callOf({ name, argumentsJson }: ToolCall) {
  return { name, input: JSON.parse(argumentsJson) };
}
