/** The ways in which the provider of the measurements answers. */
export const ANSWER_KINDS = ["plain", "paced", "burst"] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

/** How long a stream pauses between two chunks, where it is paced. */
export const PACE_MS = 10;
const CHUNKS: Readonly<Record<Exclude<AnswerKind, "plain">, number>> = { paced: 30, burst: 100 };
/** How long a paced stream takes. */
export const PACED_MS = CHUNKS.paced * PACE_MS;
const CREATED = 1_767_225_600;
const USAGE = '"usage":{"prompt_tokens":10,"completion_tokens":10,"total_tokens":20}';

/** A chat completion of ten words, whole, with its head. */
export function plainAnswer(): Buffer {
  const message = '{"role":"assistant","content":"one two three four five six seven eight nine ten"}';
  const body = `{"id":"chatcmpl-bench","object":"chat.completion","created":${CREATED},"model":"bench-1","choices":[{"index":0,"message":${message},"finish_reason":"stop"}],${USAGE}}`;
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** The head of a stream. */
export function streamHead(): Buffer {
  return Buffer.from(
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n",
  );
}

/** The pieces of a stream, a chunk of HTTP for each event: words, then how it ended, usage, `[DONE]`, and the last chunk. */
export function streamPieces(kind: Exclude<AnswerKind, "plain">): readonly Buffer[] {
  const words = Array.from({ length: CHUNKS[kind] }, (_, index) => {
    const delta = index === 0 ? '{"role":"assistant","content":"word "}' : '{"content":"word "}';
    return chunkOf(`{${START},"choices":[{"index":0,"delta":${delta},"finish_reason":null}]}`);
  });
  const end = [
    chunkOf(`{${START},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`),
    chunkOf(`{${START},"choices":[],${USAGE}}`),
    chunkOf("[DONE]"),
    Buffer.from("0\r\n\r\n"),
  ];
  return [...words, Buffer.concat(end)];
}

const START = `"id":"chatcmpl-bench","object":"chat.completion.chunk","created":${CREATED},"model":"bench-1"`;

function chunkOf(data: string): Buffer {
  const event = `data: ${data}\n\n`;
  return Buffer.from(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`);
}
