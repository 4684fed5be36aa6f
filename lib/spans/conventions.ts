import type { USAGE_FIELDS } from "./usage.ts";

/** What a span may say of itself in words. */
export type TextMeaning =
  | "provider"
  | "requestModel"
  | "responseModel"
  | "responseId"
  | "session"
  | "user"
  | "toolName";

/** What a span may hold of payload. */
export type PayloadMeaning = "inputs" | "outputs";

/**
 * How one family of instrumentations says things, by attribute. Of several keys the first that is there counts. Each is
 * held to docs/conventions.md, which has the same table for its readers.
 */
export interface Convention {
  readonly name: string;
  /** The attributes that name the kind of work, and what each word is among MLflow's types of spans. */
  readonly types: readonly {
    readonly key: string;
    /** `same`: the word is such a type. */
    readonly words: Readonly<Record<string, string>> | "same";
    /** The type of a word that is not among them. Undefined: as if nothing were said. */
    readonly otherwise?: string;
  }[];
  readonly texts: Readonly<Partial<Record<TextMeaning, readonly string[]>>>;
  readonly counts: Readonly<Partial<Record<(typeof USAGE_FIELDS)[number], readonly string[]>>>;
  /** A key that ends in a dot stands for all that begin with it: a message is cut into `….0.role`, `….0.content`, …. */
  readonly payload: Readonly<Record<PayloadMeaning, readonly string[]>>;
}

/** OpenTelemetry's GenAI conventions, the current names before older ones. */
const OPEN_TELEMETRY: Convention = {
  name: "OpenTelemetry",
  types: [
    {
      key: "gen_ai.operation.name",
      words: {
        chat: "CHAT_MODEL",
        generate_content: "LLM",
        text_completion: "LLM",
        embeddings: "EMBEDDING",
        execute_tool: "TOOL",
        create_agent: "AGENT",
        invoke_agent: "AGENT",
        invoke_workflow: "WORKFLOW",
        retrieval: "RETRIEVER",
        // Ours (lib/spans/words).
        compact: "LLM",
        proxy: "LLM",
      },
      otherwise: "CHAIN",
    },
  ],
  texts: {
    provider: ["gen_ai.provider.name", "gen_ai.system"],
    requestModel: ["gen_ai.request.model"],
    responseModel: ["gen_ai.response.model"],
    responseId: ["gen_ai.response.id"],
    session: ["session.id", "gen_ai.conversation.id"],
    user: ["user.id", "enduser.id"],
    toolName: ["gen_ai.tool.name"],
  },
  counts: {
    inputTokens: ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"],
    outputTokens: ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"],
    totalTokens: ["gen_ai.usage.total_tokens"],
    cacheReadInputTokens: ["gen_ai.usage.cache_read.input_tokens"],
    cacheWriteInputTokens: ["gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"],
    reasoningOutputTokens: ["gen_ai.usage.reasoning.output_tokens"],
    audioInputTokens: ["gen_ai.usage.audio.input_tokens"],
    audioOutputTokens: ["gen_ai.usage.audio.output_tokens"],
  },
  payload: {
    inputs: ["gen_ai.input.messages", "gen_ai.tool.call.arguments", "gen_ai.prompt"],
    outputs: ["gen_ai.output.messages", "gen_ai.tool.call.result", "gen_ai.completion"],
  },
};

/** MLflow's own attributes. Its usage and cost are objects, under keys of their own. */
const MLFLOW: Convention = {
  name: "MLflow",
  types: [{ key: "mlflow.spanType", words: "same" }],
  texts: {
    provider: ["mlflow.llm.provider"],
    requestModel: ["mlflow.llm.model"],
    session: ["mlflow.trace.session"],
    user: ["mlflow.trace.user"],
  },
  counts: {},
  payload: { inputs: ["mlflow.spanInputs"], outputs: ["mlflow.spanOutputs"] },
};

/** OpenInference, as Arize's and Phoenix's instrumentations write it. */
const OPEN_INFERENCE: Convention = {
  name: "OpenInference",
  types: [{ key: "openinference.span.kind", words: "same" }],
  texts: {
    provider: ["llm.provider", "llm.system"],
    responseModel: ["llm.model_name", "embedding.model_name", "reranker.model_name"],
    session: ["session.id"],
    user: ["user.id"],
    toolName: ["tool.name"],
  },
  counts: {
    inputTokens: ["llm.token_count.prompt"],
    outputTokens: ["llm.token_count.completion"],
    totalTokens: ["llm.token_count.total"],
    cacheReadInputTokens: ["llm.token_count.prompt_details.cache_read"],
    cacheWriteInputTokens: ["llm.token_count.prompt_details.cache_write"],
    reasoningOutputTokens: ["llm.token_count.completion_details.reasoning"],
    audioInputTokens: ["llm.token_count.prompt_details.audio"],
    audioOutputTokens: ["llm.token_count.completion_details.audio"],
  },
  payload: {
    inputs: ["input.value", "llm.input_messages.", "llm.prompts.", "embedding.text"],
    outputs: ["output.value", "llm.output_messages.", "retrieval.documents.", "reranker.output_documents."],
  },
};

/** Traceloop's OpenLLMetry. */
const TRACELOOP: Convention = {
  name: "Traceloop",
  types: [
    {
      key: "traceloop.span.kind",
      words: { workflow: "WORKFLOW", task: "TASK", agent: "AGENT", tool: "TOOL" },
    },
    {
      key: "llm.request.type",
      words: { chat: "CHAT_MODEL", completion: "LLM", embedding: "EMBEDDING", rerank: "RERANKER" },
    },
  ],
  texts: {
    session: ["traceloop.association.properties.session_id"],
    user: ["traceloop.association.properties.user_id", "llm.user"],
    toolName: ["traceloop.entity.name"],
  },
  counts: {
    totalTokens: ["llm.usage.total_tokens"],
    cacheReadInputTokens: ["gen_ai.usage.cache_read_input_tokens"],
    cacheWriteInputTokens: ["gen_ai.usage.cache_creation_input_tokens"],
    reasoningOutputTokens: ["gen_ai.usage.reasoning_tokens", "llm.usage.reasoning_tokens"],
  },
  payload: {
    inputs: ["traceloop.entity.input", "gen_ai.prompt."],
    outputs: ["traceloop.entity.output", "gen_ai.completion."],
  },
};

/** Vercel's AI SDK, where it writes names of its own; its newer spans are OpenTelemetry's. */
const AI_SDK: Convention = {
  name: "AI SDK",
  types: [
    {
      key: "ai.operationId",
      words: {
        "ai.generateText.doGenerate": "CHAT_MODEL",
        "ai.streamText.doStream": "CHAT_MODEL",
        "ai.generateObject.doGenerate": "CHAT_MODEL",
        "ai.streamObject.doStream": "CHAT_MODEL",
        "ai.embed.doEmbed": "EMBEDDING",
        "ai.embedMany.doEmbed": "EMBEDDING",
        "ai.rerank.doRerank": "RERANKER",
        "ai.toolCall": "TOOL",
      },
      otherwise: "CHAIN",
    },
  ],
  texts: {
    provider: ["ai.model.provider"],
    requestModel: ["ai.model.id"],
    responseModel: ["ai.response.model"],
    responseId: ["ai.response.id"],
    session: ["ai.telemetry.metadata.sessionId"],
    user: ["ai.telemetry.metadata.userId"],
    toolName: ["ai.toolCall.name"],
  },
  counts: {
    inputTokens: ["ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"],
    outputTokens: ["ai.usage.outputTokens", "ai.usage.completionTokens"],
    totalTokens: ["ai.usage.totalTokens"],
    cacheReadInputTokens: ["ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"],
    cacheWriteInputTokens: ["ai.usage.inputTokenDetails.cacheWriteTokens"],
    reasoningOutputTokens: ["ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"],
  },
  payload: {
    inputs: ["ai.prompt.messages", "ai.prompt", "ai.toolCall.args", "ai.value", "ai.values"],
    outputs: [
      "ai.response.text",
      "ai.response.object",
      "ai.response.toolCalls",
      "ai.toolCall.result",
      "ai.embedding",
      "ai.embeddings",
    ],
  },
};

/** Every convention that is understood. What the first of them says counts before what the next does. */
export const CONVENTIONS: readonly Convention[] = [OPEN_TELEMETRY, MLFLOW, OPEN_INFERENCE, TRACELOOP, AI_SDK];

/** MLflow's inputs and outputs come before all others: they are what its pages show. */
export const PAYLOAD_CONVENTIONS: readonly Convention[] = [
  MLFLOW,
  ...CONVENTIONS.filter((convention) => convention !== MLFLOW),
];
