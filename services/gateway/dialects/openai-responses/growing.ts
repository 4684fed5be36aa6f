import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { AnswerRoom } from "../answer-room.ts";
import { isPlace } from "../json-value.ts";

/** A list has at most this many parts; what is beyond is not recorded. */
const LIST_MAX = 1024;
/** What a part counts that nothing is said of yet. */
const EMPTY_PART = { type: "output_text", text: "", annotations: [] };

/** An object of a response in the making, whose texts and lists grow from event to event. */
export class Growing {
  readonly #room: AnswerRoom;
  #begun: JsonObject = {};
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, Map<number, Growing>>();

  constructor(room: AnswerRoom) {
    this.#room = room;
  }

  /** Sets it to what an event says it is, as it begins or when it is done; nothing is left of what it was. */
  set(value: unknown): void {
    if (this.#room.isOverfull || !isObject(value) || !this.#room.hasFor(value, this.whole())) return;
    this.#begun = value;
    this.#texts.clear();
    this.#lists.clear();
  }

  /** Adds more at the end of a text. */
  join(field: string, more: unknown): void {
    if (typeof more !== "string") return;
    this.#texts.set(field, this.#room.joined(this.#texts.get(field) ?? this.#begun[field], more));
  }

  /** The part at a place of a list, made when there is none. Undefined: it is no place, or there is no room for it. */
  partAt(list: string, place: unknown): Growing | undefined {
    if (!isPlace(place, LIST_MAX)) return undefined;
    const parts = this.#lists.get(list) ?? new Map<number, Growing>();
    const known = parts.get(place);
    if (known !== undefined || !this.#room.hasFor(EMPTY_PART)) return known;
    const part = new Growing(this.#room);
    this.#lists.set(list, parts.set(place, part));
    return part;
  }

  /** The parts of a list as they are now, in order. */
  partsOf(list: string): readonly object[] {
    const parts = [...(this.#lists.get(list) ?? [])].sort(([a], [b]) => a - b);
    return parts.map(([, part]) => part.whole());
  }

  /** As it is now. */
  whole(): object {
    const lists = [...this.#lists.keys()].map((list) => [list, this.partsOf(list)] as const);
    return { ...this.#begun, ...Object.fromEntries(this.#texts), ...Object.fromEntries(lists) };
  }
}
