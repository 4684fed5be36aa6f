import { type AnswerFacts, NO_FACTS, type Payload } from "../../core/invocation.ts";
import type { StreamTap, StreamTapOptions } from "../dialect.ts";
import { readAnswer } from "./answer.ts";
import { isJson, recordedBodyOf } from "./recorded.ts";

const NOTHING = Buffer.alloc(0);

/** Lets an answer go by as it comes, and keeps its beginning for the record. */
export class RawTap implements StreamTap {
  readonly isOver = false;
  readonly #contentType: string;
  readonly #payloadBytesMax: number;
  /** One byte more than is recorded, so that it shows where the rest was cut. */
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #bytes = 0;
  #isWhole = false;

  constructor({ contentType, payloadBytesMax }: StreamTapOptions) {
    this.#contentType = contentType;
    this.#payloadBytesMax = payloadBytesMax;
  }

  push(bytes: Buffer): Buffer {
    const kept = bytes.subarray(0, this.#payloadBytesMax + 1 - this.#keptBytes);
    if (kept.length > 0) this.#kept.push(kept);
    this.#keptBytes += kept.length;
    this.#bytes += bytes.length;
    return bytes;
  }

  end(): Buffer {
    this.#isWhole = true;
    return NOTHING;
  }

  /** What a whole answer of JSON says, where it says it in a way that is known. */
  facts(): AnswerFacts {
    const isReadable = this.#isWhole && this.#keptBytes === this.#bytes && isJson(this.#contentType);
    return isReadable ? readAnswer(Buffer.concat(this.#kept)) : NO_FACTS;
  }

  reduced(): Payload | undefined {
    if (this.#bytes === 0) return undefined;
    return recordedBodyOf(Buffer.concat(this.#kept), this.#contentType, this.#payloadBytesMax);
  }

  /** There is none: what a raw stream is made of is not known, so the only sign is that it breaks off. */
  errorEvent(): undefined {
    return undefined;
  }
}
