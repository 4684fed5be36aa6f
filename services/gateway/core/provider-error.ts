import { type ErrorKind, ServiceError } from "#lib/service-error.ts";

/** What a provider or the network said of a failure. It is payload: it goes into the full trace and nowhere else. */
export interface Said {
  readonly text: string;
  /** The provider's own error event, as it came: it goes to the caller too. Undefined: it told nothing in its stream. */
  readonly event?: Buffer;
  readonly cause?: unknown;
  /** When the provider asks to be left alone until, in milliseconds from now. Undefined: it does not say. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * A failure of a provider. Its message is ours and goes to the caller; what the provider or the network said is kept
 * beside it.
 */
export class ProviderError extends ServiceError {
  readonly text: string;
  readonly event: Buffer | undefined;

  constructor(kind: ErrorKind, message: string, { text, event, cause, retryAfterMs }: Said) {
    super(kind, message, {
      ...(cause === undefined ? {} : { cause }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    this.text = text;
    this.event = event;
  }
}
