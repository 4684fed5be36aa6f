import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenErrorOf } from "#lib/listen-error.ts";
import { type Behaviour, behaviourOf, LISTED_MODELS } from "./behaviour.ts";
import { answerOf } from "./chat-answer.ts";
import { type ChatRequest, readChatRequest } from "./chat-request.ts";
import { errorBodyOf, type Played, playBody, playError, playStream, playWhole } from "./play.ts";
import { type ReceivedRequest, type RequestEntry, RequestLog } from "./request-log.ts";

/** A provider that does what its script says. Disposing of it cuts what is under way and closes it. */
export interface ScriptedProvider extends AsyncDisposable {
  /** Its base URL, with the version: `http://127.0.0.1:7003/v1`. */
  readonly url: string;
  /** The last requests it received, oldest first; at most `requestsMax`. */
  readonly requests: readonly ReceivedRequest[];
}

export interface ScriptedProviderOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** Behaviours by model, beside those whose name says it all (`echo-1`, `status-503`, `cut-after-3`, …). */
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
  /** How many requests are remembered. Default 1,000; 0 for benchmarks. */
  readonly requestsMax?: number;
}

/** The largest body that is read, in bytes. A larger one is 413. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Starts a real HTTP server that speaks OpenAI's chat completions as its script says. */
export async function startScriptedProvider(options: ScriptedProviderOptions): Promise<ScriptedProvider> {
  const colon = options.listen.lastIndexOf(":");
  const host = options.listen.slice(0, colon);
  const log = new RequestLog(options.requestsMax ?? 1000);
  const play = createScript(new Map(Object.entries(options.behaviours ?? {})));
  const server = createServer((request, response) => {
    void receive(request, response, log, play);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(Number(options.listen.slice(colon + 1)), host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw error instanceof Error ? listenErrorOf(error, options.listen) : error;
  }
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return {
    url: `http://${host}:${port}/v1`,
    get requests() {
      return log.entries;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Plays one request. */
type Script = (entry: RequestEntry, response: ServerResponse, signal: AbortSignal) => Promise<Played>;

async function receive(request: IncomingMessage, response: ServerResponse, log: RequestLog, play: Script) {
  const hangUp = new AbortController();
  const entry = {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body: "",
    aborted: false,
    ended: false,
  };
  log.add(entry);
  const closed = new Promise<void>((resolve) => response.once("close", resolve));
  void closed.then(() => hangUp.abort());
  const played = await playUntilClosed(request, response, entry, hangUp.signal, play);
  await closed;
  entry.aborted = !response.writableFinished && played !== "cut";
  entry.ended = true;
}

async function playUntilClosed(
  request: IncomingMessage,
  response: ServerResponse,
  entry: RequestEntry,
  signal: AbortSignal,
  play: Script,
): Promise<Played> {
  try {
    const body = await readBody(request);
    entry.body = body ?? "";
    return await (body === undefined ? playError(413, {}, response, signal) : play(entry, response, signal));
  } catch (error) {
    // The client hung up and there is nobody left to answer, or the script has a bug and the client shall notice.
    response.destroy(error instanceof Error ? error : undefined);
    return "answered";
  }
}

function createScript(configured: ReadonlyMap<string, Behaviour>): Script {
  const failures = new Map<string, number>();
  const idPrefix = `chatcmpl-${randomBytes(11).toString("hex")}`;
  let made = 0;

  async function playChat(chat: ChatRequest, response: ServerResponse, signal: AbortSignal): Promise<Played> {
    const found = behaviourOf(chat.model, configured);
    if (found === undefined) {
      const body = errorBodyOf(404, `The model \`${chat.model}\` does not exist.`, "model_not_found");
      return playError(404, { body }, response, signal);
    }
    const status = failureOf(chat.model, found, failures);
    if (status !== undefined) return playError(status, found, response, signal);
    const behaviour = found.failTimes === undefined ? found : recovered(found);
    made += 1;
    const id = `${idPrefix}${made.toString(36).padStart(7, "0")}`;
    const answer = answerOf(chat, behaviour, id, Math.floor(Date.now() / 1000));
    return chat.stream && behaviour.body === undefined
      ? playStream(answer, chat.includeUsage, behaviour, response, signal)
      : playBody(answer, behaviour, response, signal);
  }

  return async (entry, response, signal) => {
    const path = entry.path.split("?", 1)[0];
    if (entry.method === "GET" && path === "/v1/models") return playModels(configured, response, signal);
    if (entry.method !== "POST" || path !== "/v1/chat/completions") return playError(404, {}, response, signal);
    const chat = readChatRequest(entry.body);
    if (typeof chat !== "string") return playChat(chat, response, signal);
    return playError(400, { body: errorBodyOf(400, chat, null) }, response, signal);
  };
}

/** The status a request fails with. Undefined: it does not. */
function failureOf(model: string, behaviour: Behaviour, failures: Map<string, number>): number | undefined {
  const { status, failTimes } = behaviour;
  if (failTimes === undefined) return status !== undefined && status >= 400 ? status : undefined;
  const failed = failures.get(model) ?? 0;
  if (failed >= failTimes) return undefined;
  failures.set(model, failed + 1);
  return status ?? 503;
}

/** How a model goes on that has failed often enough: the status was that of its failures. */
function recovered({ status: _status, ...rest }: Behaviour): Behaviour {
  return rest;
}

function playModels(
  configured: ReadonlyMap<string, Behaviour>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Played> {
  const names = new Set([...LISTED_MODELS, ...configured.keys()]);
  const data = [...names].map((id) => ({ id, object: "model", created: 0, owned_by: "scripted" }));
  return playWhole(JSON.stringify({ object: "list", data }), {}, response, signal);
}

/** The body as text. Undefined: it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(buffer);
  }
  return bytes > BODY_BYTES_MAX ? undefined : Buffer.concat(chunks, bytes).toString();
}
