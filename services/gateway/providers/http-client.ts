import { Agent, type Dispatcher } from "undici";
import { Deadlines } from "#lib/deadlines.ts";
import { ServiceError } from "#lib/service-error.ts";
import { ProviderError } from "../core/provider-error.ts";
import type { AddressGuard } from "./address-guard.ts";
import { type AnswerHead, IncomingAnswer } from "./incoming-answer.ts";
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
export interface HttpAnswer extends AnswerHead {
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
  const deadlines = new Deadlines();
  return {
    request: (request) => send({ agent, options, guard, deadlines }, request),
    async [Symbol.asyncDispose]() {
      await agent.destroy();
      deadlines[Symbol.dispose]();
    },
  };
}

/** What a client sends its requests with. */
interface Sending {
  readonly agent: Agent;
  readonly options: HttpClientOptions;
  readonly guard: AddressGuard;
  /** Those of its attempts. */
  readonly deadlines: Deadlines;
}

async function send(sending: Sending, request: HttpRequest): Promise<HttpAnswer> {
  const { agent, options, guard } = sending;
  const { url, timeouts } = request;
  const incoming = new IncomingAnswer();
  const limit = startLimit(sending, request, incoming);
  try {
    guard.checkHost(url.hostname);
    agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        headersTimeout: timeouts.firstByteMs ?? options.timeouts.firstByteMs,
        bodyTimeout: timeouts.idleMs ?? options.timeouts.idleMs,
      },
      incoming,
    );
    const head = await incoming.head;
    const fault = faultOf(head);
    if (fault === undefined) return { ...head, body: new AnswerBody(incoming, options.name, limit) };
    throw new ProviderError("provider_protocol", `The provider ${options.name} ${fault.words}.`, { text: fault.text });
  } catch (error) {
    limit.end();
    incoming.leave();
    throw failureOf(options.name, error, false);
  }
}

/** Why the body of an answer could not be taken for what it is: the end of a sentence, and what the provider said. */
function faultOf({ status, headers }: AnswerHead): { words: string; text: string } | undefined {
  if (status > STATUS_MAX) return { words: "does not speak HTTP", text: `status ${status}` };
  const encoding = String(headers["content-encoding"] ?? "identity");
  if (encoding === "identity" || encoding === "") return undefined;
  return { words: "compressed its answer, though it was asked not to", text: `content-encoding ${encoding}` };
}

/** The body, as it is read. Whoever leaves it before its end closes the connection. */
class AnswerBody implements AsyncGenerator<Buffer, void, void> {
  readonly #incoming: IncomingAnswer;
  readonly #provider: string;
  readonly #limit: Limit;
  #isLeft = false;

  constructor(incoming: IncomingAnswer, provider: string, limit: Limit) {
    this.#incoming = incoming;
    this.#provider = provider;
    this.#limit = limit;
  }

  async next(): Promise<IteratorResult<Buffer, void>> {
    if (this.#isLeft) return OVER;
    try {
      const bytes = await this.#incoming.next();
      return bytes === undefined ? this.#leave() : { done: false, value: bytes };
    } catch (error) {
      this.#leave();
      throw failureOf(this.#provider, error, true);
    }
  }

  async return(): Promise<IteratorResult<Buffer, void>> {
    return this.#leave();
  }

  async throw(error: unknown): Promise<never> {
    this.#leave();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
  }

  #leave(): typeof OVER {
    this.#isLeft = true;
    this.#limit.end();
    this.#incoming.leave();
    return OVER;
  }
}

const OVER = { done: true, value: undefined } as const;

/** What ends an attempt before its answer has: its caller, or the time that it has. */
interface Limit {
  /** Nothing is limited any more. */
  end(): void;
}

function startLimit({ options, deadlines }: Sending, request: HttpRequest, incoming: IncomingAnswer): Limit {
  const { name, timeouts } = options;
  const { signal } = request;
  const totalMs = request.timeouts.totalMs ?? timeouts.totalMs;
  const onCaller = () => incoming.abort(reasonOf(signal));
  const onTimeout = () => {
    const message = `The provider ${name} did not finish in time (timeouts.totalMs).`;
    incoming.abort(new ProviderError("provider_timeout", message, { text: `no end within ${totalMs} ms` }));
  };
  const deadline = deadlines.in(totalMs, onTimeout);
  if (signal.aborted) onCaller();
  else signal.addEventListener("abort", onCaller, { once: true });
  return {
    end() {
      deadline[Symbol.dispose]();
      signal.removeEventListener("abort", onCaller);
    },
  };
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error("the request was aborted");
}

function failureOf(provider: string, error: unknown, hasHead: boolean): ServiceError {
  return error instanceof ServiceError ? error : providerFailureOf(provider, error, hasHead);
}
