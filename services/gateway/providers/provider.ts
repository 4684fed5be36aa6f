import type { Header, Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { AnswerFacts } from "../core/invocation.ts";
import type { DialectRequest, WireFormat } from "../dialects/dialect.ts";

/** Sends requests to a model provider. One a configured provider; it keeps its connections open between calls. */
export interface Provider extends AsyncDisposable {
  /** Its name in the configuration. */
  readonly name: string;
  /** Where it is, as the spans say it. */
  readonly host: string;
  readonly port: number;
  /** Whether it is sent a trace context. */
  readonly propagates: boolean;
  /** Why our credentials cannot be used now, as the end of a sentence ("needs OPENAI_API_KEY"). Undefined: they can. */
  readonly unavailableReason: string | undefined;
  /**
   * Sends a request and returns when the answer's head is there, whatever its status. A request of a format that the
   * provider speaks is relayed as bytes, any other is translated, and so is its answer: what is returned is always of
   * the caller's format. Throws a ProviderError when no answer comes, a ServiceError `untranslatable` when the request
   * has something that the provider has no word for, and `signal.reason` when the signal aborts.
   */
  send(request: ProviderRequest): Promise<ProviderAnswer>;
}

/** What a provider is asked. */
export interface ProviderRequest {
  /** The format of the request, and so of the answer. */
  readonly format: WireFormat;
  /** The request as the caller wrote it. */
  readonly invocation: Invocation;
  /** The same, read. */
  readonly request: DialectRequest;
  /** The model, as the provider names it. */
  readonly model: string;
  /** The caller's own credentials, to be sent in the place of ours. Undefined: ours are. */
  readonly credentials: readonly Header[] | undefined;
  /** The endpoint's own limits of time, in milliseconds. What is undefined is the provider's. */
  readonly timeouts: AttemptTimeouts;
  /** How much of an answer may be held at once, in bytes. What needs more is provider_protocol. */
  readonly answerBytesMax: number;
  /** The W3C trace context to send. Undefined: none is sent. */
  readonly traceParent: string | undefined;
  /** Hears of each request that goes to the provider in a translation, as it is on the wire, whatever comes of it. */
  readonly onTranslated: (body: Buffer) => void;
  /** Aborts the request at once, and the answer's body with it. */
  readonly signal: AbortSignal;
}

export interface AttemptTimeouts {
  /** From the request sent to the answer's head. */
  readonly firstByteMs?: number | undefined;
  /** Between two pieces of the answer. */
  readonly idleMs?: number | undefined;
  /** For all of it. */
  readonly totalMs?: number | undefined;
}

/** A provider's answer in the caller's format, its body still on the way. */
export interface ProviderAnswer {
  readonly status: number;
  /** The headers that pass to the caller, in order: lower-case names and their values. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** In lower case. Empty: the provider did not say. */
  readonly contentType: string;
  /** When the provider asks to be left alone until, in milliseconds from now. Undefined: it does not say. */
  readonly retryAfterMs: number | undefined;
  /** Whether usage was asked for that the caller did not ask for. */
  readonly addsUsage: boolean;
  /**
   * What the provider said of its answer, where that was translated: it goes before what can be read of the
   * translation, which may have no word for it. Undefined: the answer is the provider's own.
   */
  readonly told: (() => Partial<AnswerFacts>) | undefined;
  /**
   * The body as it comes; asking for the next piece is the back-pressure. Throws a ProviderError when it is cut
   * or stalls, `signal.reason` when the signal aborts. Leaving it before its end closes the connection.
   */
  readonly body: AsyncGenerator<Buffer, void, void>;
}
