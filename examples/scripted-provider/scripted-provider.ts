import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { listenErrorOf } from "#lib/listen-error.ts";
import type { Behaviour } from "./behaviour.ts";
import { type Played, play } from "./play.ts";
import { type ReceivedRequest, type RequestEntry, RequestLog } from "./request-log.ts";
import { createScript, type Script } from "./script.ts";
import { VENDORS, type VendorName } from "./vendors.ts";

/** A provider that does what its script says. Disposing of it cuts what is under way and closes it. */
export interface ScriptedProvider extends AsyncDisposable {
  /** Its base URL as OpenAI's, with the version: `http://127.0.0.1:7003/v1`. */
  readonly url: string;
  /** Its base URL as that vendor's: `http://127.0.0.1:7003/anthropic/v1`. */
  at(vendor: VendorName): string;
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
  /** A certificate and its key, as PEM: with them it speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** The largest body that is read, in bytes. A larger one is 413. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Starts a real HTTP server that speaks the wire formats of all vendors, and does as its script says. */
export async function startScriptedProvider(options: ScriptedProviderOptions): Promise<ScriptedProvider> {
  const colon = options.listen.lastIndexOf(":");
  const host = options.listen.slice(0, colon);
  const log = new RequestLog(options.requestsMax ?? 1000);
  const script = createScript(new Map(Object.entries(options.behaviours ?? {})));
  const take = (request: IncomingMessage, response: ServerResponse) => void receive(request, response, log, script);
  const server = options.tls === undefined ? createServer(take) : createTlsServer(options.tls, take);
  server.keepAliveTimeout = 60_000;
  server.listen(Number(options.listen.slice(colon + 1)), host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw error instanceof Error ? listenErrorOf(error, options.listen) : error;
  }
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const scheme = options.tls === undefined ? "http" : "https";
  const urlOf = (vendor: VendorName) => `${scheme}://${host}:${port}${VENDORS[vendor].prefix}${VENDORS[vendor].base}`;
  return {
    url: urlOf("openai"),
    at: urlOf,
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

async function receive(request: IncomingMessage, response: ServerResponse, log: RequestLog, script: Script) {
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
  const played = await playUntilClosed(request, response, entry, hangUp.signal, script);
  await closed;
  entry.aborted = !response.writableFinished && played !== "cut";
  entry.ended = true;
}

async function playUntilClosed(
  request: IncomingMessage,
  response: ServerResponse,
  entry: RequestEntry,
  signal: AbortSignal,
  script: Script,
): Promise<Played> {
  try {
    const body = await readBody(request);
    if (body === undefined) return await play({ body: "" }, { status: 413 }, { response, signal });
    entry.body = body;
    const { reply, behaviour } = script(entry);
    return await play(reply, behaviour, { response, signal });
  } catch (error) {
    // The client hung up and there is nobody left to answer, or the script has a bug and the client shall notice.
    response.destroy(error instanceof Error ? error : undefined);
    return "answered";
  }
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
