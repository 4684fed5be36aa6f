/**
 * The calls of a conversation. Gemini's have ids or not, and results find their calls by id or by name: where there is
 * no id, the calls are numbered, and a result belongs to the first call of its name that has none.
 */
export class FunctionCalls {
  readonly #nameById = new Map<string, string>();
  readonly #waiting = new Map<string, string[]>();
  #count = 0;

  /** A call. Returns its id. */
  call(name: string, given: string | undefined): string {
    this.#count += 1;
    const id = given ?? `call_${this.#count}`;
    this.#nameById.set(id, name);
    const waiting = this.#waiting.get(name) ?? [];
    waiting.push(id);
    this.#waiting.set(name, waiting);
    return id;
  }

  /** The id of the call that a result is for. Undefined: there is no such call. */
  result(name: string, given: string | undefined): string | undefined {
    const waiting = this.#waiting.get(name) ?? [];
    if (given === undefined) return waiting.shift();
    const place = waiting.indexOf(given);
    if (place !== -1) waiting.splice(place, 1);
    return this.#nameById.get(given) === name ? given : undefined;
  }
}
