import { ServiceError } from "#lib/service-error.ts";
import { failureKindOfStatus, refusalStatusOf } from "./core/error-type.ts";
import { type AnswerFacts, NO_FACTS } from "./core/invocation.ts";
import { ProviderError } from "./core/provider-error.ts";
import type { AnswerWatch } from "./dialects/dialect.ts";
import type { ProviderAnswer } from "./providers/provider.ts";

/** A provider's refusal is read up to here; what is longer is provider_protocol. */
const REFUSAL_BYTES_MAX = 1024 * 1024;

/** The pieces of a body that is to be whole. */
export class Pieces {
  readonly #bytesMax: number;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Adds one. Throws a ServiceError `provider_protocol`, and adds nothing, when they would be longer than the limit. */
  add(piece: Buffer): void {
    if (this.#bytes + piece.length > this.#bytesMax) {
      throw new ServiceError("provider_protocol", `The provider's answer is larger than ${this.#bytesMax} bytes.`);
    }
    this.#bytes += piece.length;
    if (piece.length > 0) this.#pieces.push(piece);
  }

  joined(): Buffer {
    const [only] = this.#pieces;
    return this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces, this.#bytes);
  }
}

/** What is known of an answer that is whole. */
export function wholeWatchOf(facts: AnswerFacts, body: Buffer): AnswerWatch {
  return { facts: () => facts, reduced: () => ({ bytes: body, truncated: false }) };
}

/** What is known of an answer that is to be whole, and is not yet: its bytes so far, at most so many. */
export function unfinishedWatchOf(pieces: Pieces, bytesMax: number): AnswerWatch {
  return {
    facts: () => ({ ...NO_FACTS, usageIsPartial: true }),
    reduced() {
      const bytes = pieces.joined();
      return bytes.length === 0 ? undefined : { bytes: bytes.subarray(0, bytesMax), truncated: true };
    },
  };
}

/**
 * Reads a provider's answer of 4xx or 5xx: what it is, and its body. `isOurs`: it was sent our credentials; a refusal of the
 * caller's own is one of the request.
 */
export async function refusalOf(
  provider: string,
  head: ProviderAnswer,
  isOurs: boolean,
): Promise<{ readonly refusal: ProviderError; readonly body: Buffer }> {
  const body = await collected(head.body, REFUSAL_BYTES_MAX);
  const text = body.toString("utf8");
  const told = failureKindOfStatus(refusalStatusOf(head.status, text)) ?? "provider_protocol";
  const kind = told === "provider_auth" && !isOurs ? "provider_rejected" : told;
  const message =
    kind === "provider_auth"
      ? `The provider ${provider} refused the gateway's credentials (${head.status}). Its operator must check providers.${provider}.apiKey, and the account behind it.`
      : `The provider ${provider} answered ${head.status}.`;
  return { refusal: new ProviderError(kind, message, { text, retryAfterMs: head.retryAfterMs }), body };
}

/** A body, whole. Throws a ServiceError `provider_protocol` when it is longer than `bytesMax`. */
async function collected(body: AsyncIterable<Buffer>, bytesMax: number): Promise<Buffer> {
  const pieces = new Pieces(bytesMax);
  for await (const piece of body) pieces.add(piece);
  return pieces.joined();
}
