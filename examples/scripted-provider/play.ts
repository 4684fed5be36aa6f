import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { Behaviour } from "./behaviour.ts";
import type { Chunk, Reply, StreamReply } from "./wire-format.ts";

/** How a request was played: whether the provider itself cut it, so that nobody takes that for the client's doing. */
export type Played = "answered" | "cut";

/** Where an answer goes. */
interface Stage {
  readonly response: ServerResponse;
  /** Aborts when the client hangs up. */
  readonly signal: AbortSignal;
}

const CUT_DELAY_MS = 20;
const GARBAGE_CHUNKS: readonly Chunk[] = [
  'data: {"id": not json\n\n',
  "\u0000\u0001\u0002 nonsense\n\n",
  "data: <html>\n\n",
];

/** Plays an answer. Returns early when the client hangs up. */
export function play(reply: Reply, behaviour: Behaviour, stage: Stage): Promise<Played> {
  if (behaviour.body !== undefined) return playBody(behaviour.body, behaviour, stage);
  if ("chunks" in reply) return playStream(reply, behaviour, stage);
  return playBody(behaviour.garbage ? "<html>garbage" : reply.body, behaviour, stage);
}

async function playBody(text: string, behaviour: Behaviour, stage: Stage): Promise<Played> {
  const { response, signal } = stage;
  const body = Buffer.from(text);
  response.setHeader("content-length", body.length);
  const begun = await playHead(behaviour, behaviour.contentType ?? "application/json", stage);
  if (begun === "cut") return begun;
  if (behaviour.cutAfterChunks === undefined && behaviour.stallAfterChunks === undefined) {
    response.end(body);
    return "answered";
  }
  await flush(body.subarray(0, body.length >> 1), response);
  return behaviour.cutAfterChunks === undefined ? stall(signal) : cut(behaviour, response);
}

async function playStream(stream: StreamReply, behaviour: Behaviour, stage: Stage): Promise<Played> {
  const { response, signal } = stage;
  const { cutAfterChunks, stallAfterChunks, errorAfterChunks, chunkDelayMs } = behaviour;
  const begun = await playHead(behaviour, behaviour.contentType ?? stream.contentType, stage);
  if (begun === "cut") return begun;
  let sent = 0;
  for (const chunk of behaviour.garbage ? GARBAGE_CHUNKS : stream.chunks) {
    if (sent === cutAfterChunks || sent === stallAfterChunks) {
      if (behaviour.halfChunk) await flush(halfOf(chunk), response);
      return sent === cutAfterChunks ? cut(behaviour, response) : stall(signal);
    }
    if (sent === errorAfterChunks) {
      response.end(stream.error(sent));
      return "answered";
    }
    // A turn of the event loop between chunks, so that each is a packet of its own, as it is in life.
    await (chunkDelayMs ? delay(chunkDelayMs, undefined, { signal }) : turn(undefined, { signal }));
    if (!response.write(chunk)) await once(response, "drain", { signal });
    sent += 1;
  }
  response.end();
  return "answered";
}

async function playHead(behaviour: Behaviour, contentType: string, { response, signal }: Stage): Promise<Played> {
  if (behaviour.cutBeforeHead) return cut(behaviour, response);
  if (behaviour.stallBeforeHead) return stall(signal);
  if (behaviour.delayHeadMs) await delay(behaviour.delayHeadMs, undefined, { signal });
  response.writeHead(behaviour.status ?? 200, { "content-type": contentType, ...behaviour.headers });
  response.flushHeaders();
  return "answered";
}

/** Destroys the connection, once the client had time to read what went before: a broken stream forgets what is queued. */
async function cut({ reset }: Behaviour, response: ServerResponse): Promise<Played> {
  if (response.headersSent) await delay(CUT_DELAY_MS);
  if (reset) response.socket?.resetAndDestroy();
  else response.socket?.destroy();
  return "cut";
}

/** Waits for the client to hang up; there is no other end to it. */
async function stall(signal: AbortSignal): Promise<Played> {
  if (!signal.aborted) await once(signal, "abort");
  return "answered";
}

/** Writes a chunk, and waits until it is out on the wire. */
function flush(chunk: Chunk, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.write(chunk, () => resolve()));
}

function halfOf(chunk: Chunk): Chunk {
  const bytes = Buffer.from(chunk);
  return bytes.subarray(0, bytes.length >> 1);
}
