import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as startRequest,
} from "node:http";

/** A chat completion, as a caller asks for it. */
export interface ChatRequest {
  /** The endpoint's name. */
  readonly model: string;
  readonly stream?: boolean;
  /** The last user message. Default: ten words. */
  readonly content?: string;
  /** Members of the body beside `model`, `stream` and `messages`, or instead of them. */
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Hears of the events of a stream as they come: how many there were so far. True: hang up. */
  readonly hangUp?: (events: number) => boolean;
  /** Hang up when this aborts. */
  readonly signal?: AbortSignal;
}

/** What the caller saw. */
export interface ChatAnswer {
  /** The HTTP status. 0: the connection broke before there was one. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The full trace, `tr-…`. Undefined: the answer names none. */
  readonly traceName: string | undefined;
  /** Whether the terminal event came: `[DONE]` in a stream, the end of the body else. */
  readonly isComplete: boolean;
  /** What the connection broke with, such as `ECONNREFUSED`. Undefined: it did not. */
  readonly broken: string | undefined;
}

export const TEN_WORDS = "one two three four five six seven eight nine ten";

/** Connections are as many as calls are on the way. */
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, timeout: 60_000 });

/** Asks for a chat completion and reads the answer until it ends, breaks, or the caller hangs up. Never throws. */
export async function chat(url: string, asked: ChatRequest): Promise<ChatAnswer> {
  const body = JSON.stringify({
    model: asked.model,
    ...(asked.stream ? { stream: true } : {}),
    messages: [{ role: "user", content: asked.content ?? TEN_WORDS }],
    ...asked.body,
  });
  const sent = startRequest(`${url}/v1/chat/completions`, {
    method: "POST",
    agent,
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...asked.headers },
  });
  const hangUp = () => sent.destroy();
  asked.signal?.addEventListener("abort", hangUp, { once: true });
  sent.end(body);
  const seen: Seen = { status: 0, headers: {}, text: "" };
  try {
    const response = await responseTo(sent);
    seen.status = response.statusCode ?? 0;
    seen.headers = response.headers;
    for await (const part of response.setEncoding("utf8")) {
      seen.text += part;
      if (asked.hangUp?.(eventsIn(seen.text)) === true) hangUp();
    }
    return answerOf(seen, response.complete, undefined);
  } catch (error) {
    // A broken connection is what some tests are about: the answer so far says it.
    return answerOf(seen, false, error instanceof Error && "code" in error ? String(error.code) : String(error));
  } finally {
    asked.signal?.removeEventListener("abort", hangUp);
  }
}

interface Seen {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => sent.once("response", resolve).on("error", reject));
}

function answerOf({ status, headers, text }: Seen, ended: boolean, broken: string | undefined): ChatAnswer {
  const isStream = headers["content-type"]?.startsWith("text/event-stream") === true;
  const named = headers["x-twinspan-trace-id"];
  return {
    status,
    headers,
    body: text,
    traceName: typeof named === "string" ? named : undefined,
    isComplete: isStream ? text.includes("data: [DONE]\n\n") : ended,
    broken,
  };
}

function eventsIn(text: string): number {
  return text.split("\n\n").length - 1;
}
