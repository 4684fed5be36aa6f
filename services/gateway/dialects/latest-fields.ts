import type { JsonObject } from "#lib/json-value.ts";
import type { AnswerRoom } from "./answer-room.ts";

/** The fields of an object that a stream says again and again: the latest word on each counts, where there is room for it. */
export class LatestFields {
  readonly #room: AnswerRoom;
  readonly #always: ReadonlySet<string>;
  readonly #fields = new Map<string, unknown>();

  /** `always`: fields that are kept in any case, since more than the record depends on them. */
  constructor(room: AnswerRoom, always: ReadonlySet<string> = new Set()) {
    this.#room = room;
    this.#always = always;
  }

  get isEmpty(): boolean {
    return this.#fields.size === 0;
  }

  /** The latest word on a field. Undefined: there is none. */
  get(field: string): unknown {
    return this.#fields.get(field);
  }

  /** Takes what is said now. */
  say(fields: JsonObject): void {
    for (const [field, value] of Object.entries(fields)) {
      const hasRoom = this.#fields.has(field) || this.#room.hasFor(field);
      const isKept = hasRoom && this.#room.hasFor(value, this.#fields.get(field));
      if (isKept || this.#always.has(field)) this.#fields.set(field, value);
    }
  }

  /** Adds more at the end of a text. */
  join(field: string, more: unknown): void {
    if (typeof more === "string") this.#fields.set(field, this.#room.joined(this.#fields.get(field), more));
  }

  /** Adds an item at the end of a list. */
  append(field: string, item: unknown): void {
    if (!this.#room.hasFor(item)) return;
    const before = this.#fields.get(field);
    if (Array.isArray(before)) before.push(item);
    else this.#fields.set(field, [item]);
  }

  /** The object as it is now. */
  whole(): JsonObject {
    return Object.fromEntries(this.#fields);
  }
}
