/** Sends requests to a model provider. One a configured provider; it keeps its connections open between calls. */
export interface Provider extends AsyncDisposable {
  /** Its name in the configuration. */
  readonly name: string;
  /** Where it is, as the spans say it. */
  readonly host: string;
  readonly port: number;
  /** Whether streams may be asked for their usage. */
  readonly asksStreamUsage: boolean;
  /** Whether it is sent a trace context. */
  readonly propagates: boolean;
  /** Why it cannot be called now, as the end of a sentence ("needs OPENAI_API_KEY"). Undefined: it can. */
  readonly unavailableReason: string | undefined;
  /**
   * Sends a request and returns when the answer's head is there, whatever its status. Throws a ProviderError
   * when none comes, and `signal.reason` when the signal aborts.
   */
  send(request: ProviderRequest): Promise<ProviderAnswer>;
}

export interface ProviderRequest {
  /** The path after the base URL. */
  readonly path: string;
  /** The body, byte for byte. */
  readonly body: Buffer;
  /** The W3C trace context to send. Undefined: none is sent. */
  readonly traceParent: string | undefined;
  /** Aborts the request at once, and the answer's body with it. */
  readonly signal: AbortSignal;
}

/** A provider's answer, its body still on the way. */
export interface ProviderAnswer {
  readonly status: number;
  /** The headers that pass to the caller, in order: lower-case names and their values. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether the body is a stream of server-sent events. */
  readonly isEventStream: boolean;
  /**
   * The body as it comes; asking for the next piece is the back-pressure. Throws a ProviderError when it is cut
   * or stalls, `signal.reason` when the signal aborts. Leaving it before its end closes the connection.
   */
  readonly body: AsyncGenerator<Buffer, void, void>;
}
