/** What a number, a boolean or null counts. */
const SCALAR_BYTES = 8;
/** What an object or a list counts beside its JSON, so that many empty ones do not come for nothing. */
const OBJECT_BYTES = 32;

/**
 * The room that an answer in the making is kept in. From the first thing that does not fit nothing more is kept, so
 * that no provider can fill the memory and what is kept has no holes. Sizes are near enough.
 */
export class AnswerRoom {
  readonly #bytesMax: number;
  #bytes = 0;
  #isOverfull = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether something was not kept for want of room. */
  get isOverfull(): boolean {
    return this.#isOverfull;
  }

  /** Whether a value may be kept, in the place of another where there is one. */
  hasFor(value: unknown, replaced?: unknown): boolean {
    this.#bytes += sizeOf(value) - (replaced === undefined ? 0 : sizeOf(replaced));
    this.#isOverfull ||= this.#bytes > this.#bytesMax;
    return !this.#isOverfull;
  }

  /** A text with more at its end, or without where there is no room. The engine joins the pieces once, when it is read. */
  joined(text: unknown, more: string): string {
    const before = typeof text === "string" ? text : "";
    return this.hasFor(more) ? before + more : before;
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  return typeof value === "object" && value !== null ? OBJECT_BYTES + JSON.stringify(value).length : SCALAR_BYTES;
}
