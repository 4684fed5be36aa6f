import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { Behaviour } from "./behaviour.ts";
import { type ChatAnswer, completionOf, eventsOf } from "./chat-answer.ts";

/** How a request was played: whether the provider itself cut it, so that nobody takes that for the client's doing. */
export type Played = "answered" | "cut";

const CUT_DELAY_MS = 20;
const ERROR_EVENT =
  'data: {"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":"server_error"}}\n\n';
const GARBAGE_EVENTS = ['data: {"id": not json\n\n', "\u0000\u0001\u0002 nonsense\n\n", "data: <html>\n\n"];

/** Plays a stream. Returns early when the client hangs up: `signal` aborts then. */
export async function playStream(
  answer: ChatAnswer,
  includeUsage: boolean,
  behaviour: Behaviour,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Played> {
  const begun = await playHead(
    behaviour,
    response,
    behaviour.contentType ?? "text/event-stream; charset=utf-8",
    signal,
  );
  if (begun === "cut") return begun;
  const events = behaviour.garbage ? GARBAGE_EVENTS : eventsOf(answer, includeUsage);
  let sent = 0;
  for (const event of events) {
    if (sent === behaviour.cutAfterChunks) return cut(response);
    if (sent === behaviour.stallAfterChunks) return stall(signal);
    if (sent === behaviour.errorAfterChunks) {
      response.end(ERROR_EVENT);
      return "answered";
    }
    // A turn of the event loop between chunks, so that each is a packet of its own, as it is in life.
    await (behaviour.chunkDelayMs ? delay(behaviour.chunkDelayMs, undefined, { signal }) : turn(undefined, { signal }));
    if (!response.write(event)) await once(response, "drain", { signal });
    sent += 1;
  }
  response.end();
  return "answered";
}

/** Plays an answer that is one body. */
export async function playBody(
  answer: ChatAnswer,
  behaviour: Behaviour,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Played> {
  const text = behaviour.garbage ? "<html>garbage" : (behaviour.body ?? completionOf(answer));
  const body = Buffer.from(text);
  response.setHeader("content-length", body.length);
  const begun = await playHead(behaviour, response, behaviour.contentType ?? "application/json", signal);
  if (begun === "cut") return begun;
  if (behaviour.cutAfterChunks === undefined && behaviour.stallAfterChunks === undefined) {
    response.end(body);
    return "answered";
  }
  // Half a body, and out on the wire before anything else happens to it.
  await new Promise<void>((resolve) => response.write(body.subarray(0, body.length >> 1), () => resolve()));
  return behaviour.cutAfterChunks === undefined ? stall(signal) : cut(response);
}

/** Plays an error without an answer: the status, and the body as configured or as OpenAI would write it. */
export function playError(
  status: number,
  behaviour: Behaviour,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Played> {
  if (status === 429) response.setHeader("retry-after", "1");
  const body = behaviour.body ?? errorBodyOf(status, `The script answers ${status}.`, null);
  return playWhole(body, { ...behaviour, status }, response, signal);
}

/** Plays a body that was made before. */
export async function playWhole(
  text: string,
  behaviour: Behaviour,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Played> {
  const body = Buffer.from(text);
  response.setHeader("content-length", body.length);
  const begun = await playHead(behaviour, response, behaviour.contentType ?? "application/json", signal);
  if (begun === "answered") response.end(body);
  return begun;
}

/** An error object of OpenAI's. */
export function errorBodyOf(status: number, message: string, code: string | null): string {
  const type = status >= 500 ? "server_error" : status === 429 ? "rate_limit_exceeded" : "invalid_request_error";
  return JSON.stringify({ error: { message, type, param: null, code } });
}

async function playHead(
  behaviour: Behaviour,
  response: ServerResponse,
  contentType: string,
  signal: AbortSignal,
): Promise<Played> {
  if (behaviour.cutBeforeHead) return cut(response);
  if (behaviour.stallBeforeHead) return stall(signal);
  if (behaviour.delayHeadMs) await delay(behaviour.delayHeadMs, undefined, { signal });
  response.writeHead(behaviour.status ?? 200, {
    "content-type": contentType,
    "openai-processing-ms": String(behaviour.delayHeadMs ?? 1),
    ...behaviour.headers,
  });
  response.flushHeaders();
  return "answered";
}

/** Destroys the connection, once the client had time to read what went before: a broken stream forgets what is queued. */
async function cut(response: ServerResponse): Promise<Played> {
  if (response.headersSent) await delay(CUT_DELAY_MS);
  response.socket?.destroy();
  return "cut";
}

/** Waits for the client to hang up; there is no other end to it. */
async function stall(signal: AbortSignal): Promise<Played> {
  if (!signal.aborted) await once(signal, "abort");
  return "answered";
}
