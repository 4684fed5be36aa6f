import { Agent, type Dispatcher } from "undici";
import { ServiceError } from "#lib/service-error.ts";
import { ProviderError } from "../core/provider-error.ts";
import type { AddressGuard } from "./address-guard.ts";
import type { AttemptTimeouts } from "./provider.ts";
import { providerFailureOf } from "./provider-failure.ts";

/** How a provider is called, from the configuration. */
export interface HttpClientOptions {
  /** The provider's name. */
  readonly name: string;
  readonly connectionsMax: number;
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstByteMs: number;
    readonly idleMs: number;
    readonly totalMs: number;
  };
}

/** One request. */
export interface HttpRequest {
  readonly method: Dispatcher.HttpMethod;
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
  /** What is undefined is the provider's. */
  readonly timeouts: AttemptTimeouts;
  readonly signal: AbortSignal;
}

/** An answer whose body is still on the way. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  /** Throws a ProviderError when it is cut or stalls, `signal.reason` when the signal aborts. Leaving it closes it. */
  readonly body: AsyncGenerator<Buffer, void, void>;
}

/** Calls one provider over kept-alive connections, to addresses that the guard lets pass. It follows no redirect. */
export interface HttpClient extends AsyncDisposable {
  /** Returns when the head is there. Throws a ProviderError when none comes, `signal.reason` when the signal aborts. */
  request(request: HttpRequest): Promise<HttpAnswer>;
}

/** The last status that HTTP has. */
const STATUS_MAX = 599;
/** How long a connection without calls is kept. */
const KEEP_ALIVE_MS = 30_000;

/** Makes a client. Disposing of it cuts what is under way. */
export function createHttpClient(options: HttpClientOptions, guard: AddressGuard): HttpClient {
  const agent = new Agent({
    connections: options.connectionsMax,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: options.timeouts.connectMs, lookup: guard.lookup },
  });
  return {
    request: (request) => send(agent, options, guard, request),
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

async function send(
  agent: Agent,
  options: HttpClientOptions,
  guard: AddressGuard,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const limit = startLimit(options, request);
  const { url, timeouts } = request;
  try {
    guard.checkHost(url.hostname);
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      headersTimeout: timeouts.firstByteMs ?? options.timeouts.firstByteMs,
      bodyTimeout: timeouts.idleMs ?? options.timeouts.idleMs,
      signal: limit.signal,
    });
    const fault = faultOf(answer);
    if (fault === undefined) {
      return { status: answer.statusCode, headers: answer.headers, body: bodyOf(answer, options.name, limit) };
    }
    answer.body.on("error", () => {}).destroy();
    throw new ProviderError("provider_protocol", `The provider ${options.name} ${fault.words}.`, { text: fault.text });
  } catch (error) {
    limit.end();
    throw failureOf(options.name, error, limit.signal, false);
  }
}

/** Why the body of an answer could not be taken for what it is: the end of a sentence, and what the provider said. */
function faultOf({ statusCode, headers }: Dispatcher.ResponseData): { words: string; text: string } | undefined {
  if (statusCode > STATUS_MAX) return { words: "does not speak HTTP", text: `status ${statusCode}` };
  const encoding = String(headers["content-encoding"] ?? "identity");
  if (encoding === "identity" || encoding === "") return undefined;
  return { words: "compressed its answer, though it was asked not to", text: `content-encoding ${encoding}` };
}

async function* bodyOf(
  answer: Dispatcher.ResponseData,
  provider: string,
  limit: Limit,
): AsyncGenerator<Buffer, void, void> {
  try {
    for await (const piece of answer.body) yield piece;
  } catch (error) {
    throw failureOf(provider, error, limit.signal, true);
  } finally {
    limit.end();
  }
}

/** A signal that aborts with the caller's, or when the attempt's time is up. */
interface Limit {
  readonly signal: AbortSignal;
  /** Frees the timer. */
  end(): void;
}

function startLimit({ name, timeouts }: HttpClientOptions, request: HttpRequest): Limit {
  const caller = request.signal;
  const totalMs = request.timeouts.totalMs ?? timeouts.totalMs;
  const abort = new AbortController();
  const onCaller = () => abort.abort(caller.reason);
  const onTimeout = () => {
    const message = `The provider ${name} did not finish in time (timeouts.totalMs).`;
    abort.abort(new ProviderError("provider_timeout", message, { text: `no end within ${totalMs} ms` }));
  };
  const timer = setTimeout(onTimeout, totalMs);
  if (caller.aborted) onCaller();
  else caller.addEventListener("abort", onCaller, { once: true });
  return {
    signal: abort.signal,
    end() {
      clearTimeout(timer);
      caller.removeEventListener("abort", onCaller);
    },
  };
}

function failureOf(provider: string, error: unknown, signal: AbortSignal, hasHead: boolean): ServiceError {
  if (error instanceof ServiceError) return error;
  if (signal.aborted && signal.reason instanceof ServiceError) return signal.reason;
  return providerFailureOf(provider, error, hasHead);
}
