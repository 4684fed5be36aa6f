import { ServiceError } from "#lib/service-error.ts";
import { REFUSAL_BYTES_MAX, startOf } from "../providers/body-start.ts";
import { createClientFetch } from "../providers/client-fetch.ts";
import type { HttpAnswer, HttpClient, HttpRequest } from "../providers/http-client.ts";
import { type PassedHeaders, passedHeadersOf } from "../providers/passed-headers.ts";
import type { AttemptTimeouts } from "../providers/provider.ts";
import { isRedirect, refuseRedirect } from "../providers/redirect.ts";
import { wholeBody } from "./whole-body.ts";

/** What the requests of an attempt are made with. */
export interface ProviderRequestsOptions {
  /** The provider's name. */
  readonly name: string;
  readonly client: HttpClient;
  readonly timeouts: AttemptTimeouts;
  /** The attempt's signal. */
  readonly signal: AbortSignal;
  /** The headers that a request has when it leaves, of those that the package gave it. */
  headersOf(given: Record<string, string>): Promise<Record<string, string>>;
  /** Hears of the body of each request, as it leaves. */
  readonly onSent: (body: Buffer) => void;
  /** How much of an answer may be held at once, in bytes. What is larger is provider_protocol. */
  readonly heldBytesMax: number;
}

/** What a provider refused with. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/**
 * The requests that a package makes in one attempt, as they are on the wire. It tells what is sent and keeps how it
 * failed, so that nothing depends on what the package makes of it.
 */
export class ProviderRequests {
  /** The Fetch API, for the package. */
  readonly fetch: typeof globalThis.fetch;
  readonly #options: ProviderRequestsOptions;
  readonly #closing = new AbortController();
  #headers: PassedHeaders = [];
  #refusal: Refusal | undefined;
  #failure: ServiceError | undefined;
  #heldBytes = 0;
  #hasSent = false;

  constructor(options: ProviderRequestsOptions) {
    this.#options = options;
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const client = { request: (request: HttpRequest) => this.#send({ ...request, signal }) };
    this.fetch = createClientFetch(client, { timeouts: options.timeouts, signal });
  }

  /** Whether anything was sent. */
  get hasSent(): boolean {
    return this.#hasSent;
  }

  /** The headers of the latest answer that pass to the caller. */
  get headers(): PassedHeaders {
    return this.#headers;
  }

  /** The provider's answer of 4xx or 5xx. Undefined: it refused nothing. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** What went wrong on the way. Undefined: nothing. */
  get failure(): ServiceError | undefined {
    return this.#failure;
  }

  /** Says that what came so far has been handed on. */
  release(): void {
    this.#heldBytes = 0;
  }

  /** Cuts what is still under way. */
  close(): void {
    this.#closing.abort(new ServiceError("cancelled", "Nobody reads the answer any more."));
  }

  async #send(request: HttpRequest): Promise<HttpAnswer> {
    const { client, name, headersOf, onSent } = this.#options;
    this.#hasSent = true;
    if (request.body !== undefined) onSent(request.body);
    try {
      const answer = await client.request({ ...request, headers: await headersOf(request.headers) });
      this.#headers = passedHeadersOf(answer.headers);
      if (isRedirect(answer)) await refuseRedirect(name, answer);
      return answer.status < 400 ? { ...answer, body: this.#watched(answer.body) } : await this.#refused(answer);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async *#watched(body: HttpAnswer["body"]): AsyncGenerator<Buffer, void, void> {
    const { name, heldBytesMax } = this.#options;
    try {
      for await (const piece of body) {
        this.#heldBytes += piece.length;
        if (this.#heldBytes > heldBytesMax) {
          const message = `The provider ${name} answered with more than ${heldBytesMax} bytes at once (limits.answerBytesMax).`;
          throw new ServiceError("provider_protocol", message);
        }
        yield piece;
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async #refused({ status, headers, body }: HttpAnswer): Promise<HttpAnswer> {
    const start = await startOf(body, REFUSAL_BYTES_MAX);
    this.#refusal = { status, text: start.toString("utf8") };
    return { status, headers, body: wholeBody(start) };
  }

  #failed(error: unknown): unknown {
    if (error instanceof ServiceError) this.#failure ??= error;
    return error;
  }
}
