import { ServiceError } from "#lib/service-error.ts";
import { type AnswerFacts, NO_FACTS } from "../core/invocation.ts";
import type { AnswerWatch } from "../dialects/dialect.ts";

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
