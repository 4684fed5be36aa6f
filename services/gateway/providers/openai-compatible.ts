import { type Dispatcher, Pool } from "undici";
import { ServiceError } from "#lib/service-error.ts";
import { ProviderError } from "../core/provider-error.ts";
import type { Provider, ProviderAnswer, ProviderRequest } from "./provider.ts";
import { providerFailureOf } from "./provider-failure.ts";

/** How a provider is reached, from the configuration. */
export interface OpenAiCompatibleOptions {
  readonly name: string;
  /** With the version, without a slash at the end: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Sent as a bearer token. Undefined: the provider needs none. */
  readonly apiKey: string | undefined;
  readonly unavailableReason: string | undefined;
  readonly connectionsMax: number;
  readonly asksStreamUsage: boolean;
  readonly propagates: boolean;
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstByteMs: number;
    readonly idleMs: number;
    readonly totalMs: number;
  };
}

/** The headers of an answer that pass to the caller; those of rate limits pass too. */
const PASSED = new Set(["content-type", "retry-after", "openai-processing-ms"]);

/** The last status that HTTP has. */
const STATUS_MAX = 599;

/** A provider that speaks OpenAI's dialect at any base URL, over kept-alive connections. */
export function createOpenAiCompatible(options: OpenAiCompatibleOptions): Provider {
  const base = new URL(options.baseUrl);
  const basePath = base.pathname.replace(/\/+$/, "");
  const pool = new Pool(base.origin, {
    connections: options.connectionsMax,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    connect: { timeout: options.timeouts.connectMs },
    headersTimeout: options.timeouts.firstByteMs,
    bodyTimeout: options.timeouts.idleMs,
  });
  return {
    name: options.name,
    host: base.hostname,
    port: Number(base.port || (base.protocol === "https:" ? 443 : 80)),
    propagates: options.propagates,
    unavailableReason: options.unavailableReason,
    send: (request) => send(pool, basePath, options, request),
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

async function send(
  pool: Pool,
  basePath: string,
  options: OpenAiCompatibleOptions,
  request: ProviderRequest,
): Promise<ProviderAnswer> {
  const limit = startLimit(options, request.signal);
  try {
    const relayed = request.request.relayed(request.model, options.asksStreamUsage);
    const answer = await pool.request({
      method: relayed.method,
      path: basePath + relayed.path,
      headers: headersOf(options, request),
      body: relayed.body,
      signal: limit.signal,
    });
    if (answer.statusCode > STATUS_MAX) {
      answer.body.on("error", () => {}).destroy();
      const text = `status ${answer.statusCode}`;
      throw new ProviderError("provider_protocol", `The provider ${options.name} does not speak HTTP.`, { text: text });
    }
    const headers = passedHeadersOf(answer.headers);
    return {
      status: answer.statusCode,
      headers,
      contentType: headers.find(([name]) => name === "content-type")?.[1].toLowerCase() ?? "",
      retryAfterMs: undefined,
      addsUsage: relayed.addsUsage,
      translated: undefined,
      body: bodyOf(answer, options.name, limit),
    };
  } catch (error) {
    limit.end();
    throw failureOf(options.name, error, limit.signal, false);
  }
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

function startLimit({ name, timeouts }: OpenAiCompatibleOptions, caller: AbortSignal): Limit {
  const abort = new AbortController();
  const onCaller = () => abort.abort(caller.reason);
  const onTimeout = () => {
    const message = `The provider ${name} did not finish in time (timeouts.totalMs).`;
    abort.abort(new ProviderError("provider_timeout", message, { text: `no end within ${timeouts.totalMs} ms` }));
  };
  const timer = setTimeout(onTimeout, timeouts.totalMs);
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

function headersOf({ apiKey }: OpenAiCompatibleOptions, { traceParent }: ProviderRequest): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "accept-encoding": "identity",
  };
  if (apiKey !== undefined) headers["authorization"] = `Bearer ${apiKey}`;
  if (traceParent !== undefined) headers["traceparent"] = traceParent;
  return headers;
}

function passedHeadersOf(headers: Dispatcher.ResponseData["headers"]): readonly (readonly [string, string])[] {
  const passed: (readonly [string, string])[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    const text = typeof value === "string" ? value : value.join(", ");
    if (name === "x-request-id") passed.push(["x-provider-request-id", text]);
    else if (PASSED.has(name) || name.startsWith("x-ratelimit-")) passed.push([name, text]);
  }
  return passed;
}
