/** What is asked, in no dialect yet. */
export interface Asked {
  readonly endpoint: string;
  readonly text: string;
  readonly stream: boolean;
}

/** A way to ask over HTTP, and to know an answer that came to its end. */
export interface RequestForm {
  /** Whether it has streams. */
  readonly streams: boolean;
  path(asked: Asked): string;
  body(asked: Asked): object;
  /** Whether an answer with status 200, whose body ended as HTTP wants it, or broke off, has its terminal event. */
  hasEnded(body: string, asked: Asked, isWhole: boolean): boolean;
}

const messagesOf = ({ text }: Asked) => [{ role: "user", content: text }];
const streamOf = ({ stream }: Asked) => (stream ? { stream: true } : {});
const contentsOf = ({ text }: Asked) => [{ role: "user", parts: [{ text }] }];

/** A stream ends with an event, and is whole with it whatever becomes of the connection; another answer with its last byte. */
const endsWith =
  (event: string) =>
  (body: string, { stream }: Asked, isWhole: boolean) =>
    stream ? body.includes(event) : isWhole;

const openAiChat: RequestForm = {
  streams: true,
  path: () => "/v1/chat/completions",
  body: (asked) => ({ model: asked.endpoint, messages: messagesOf(asked), ...streamOf(asked) }),
  hasEnded: endsWith("data: [DONE]\n\n"),
};

/** All of them, by what their dialect is called. */
export const REQUEST_FORMS: Readonly<Record<string, RequestForm>> = {
  "openai chat": openAiChat,
  "openai responses": {
    streams: true,
    path: () => "/v1/responses",
    body: (asked) => ({ model: asked.endpoint, input: asked.text, ...streamOf(asked) }),
    hasEnded: endsWith("event: response.completed\n"),
  },
  anthropic: {
    streams: true,
    path: () => "/anthropic/v1/messages",
    body: (asked) => ({ model: asked.endpoint, max_tokens: 1000, messages: messagesOf(asked), ...streamOf(asked) }),
    hasEnded: endsWith("event: message_stop\n"),
  },
  gemini: {
    streams: true,
    path: ({ endpoint, stream }) =>
      `/gemini/v1beta/models/${endpoint}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    body: (asked) => ({ contents: contentsOf(asked) }),
    hasEnded: endsWith('"finishReason"'),
  },
  "gemini's array": {
    streams: true,
    path: ({ endpoint, stream }) =>
      `/gemini/v1beta/models/${endpoint}:${stream ? "streamGenerateContent" : "generateContent"}`,
    body: (asked) => ({ contents: contentsOf(asked) }),
    hasEnded: (body, { stream }, isWhole) => isWhole && (!stream || body.includes('"finishReason"')),
  },
  "mlflow invocations": {
    ...openAiChat,
    path: ({ endpoint }) => `/gateway/${endpoint}/mlflow/invocations`,
    body: (asked) => ({ messages: messagesOf(asked), ...streamOf(asked) }),
  },
  embeddings: {
    streams: false,
    path: () => "/v1/embeddings",
    body: ({ endpoint, text }) => ({ model: endpoint, input: text }),
    hasEnded: (_body, _asked, isWhole) => isWhole,
  },
};
