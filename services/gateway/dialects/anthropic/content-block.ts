import type { AnswerRoom } from "../answer-room.ts";
import { isDeeperThan, type JsonObject, parseJson } from "../json-value.ts";

/** A tool's input that is nested deeper is recorded as text. */
const DEPTH_MAX = 64;

/** A block of a message's content in the making: text, thinking, the call of a tool, or what else providers come up with. */
export class ContentBlock {
  readonly #room: AnswerRoom;
  readonly #fields: Map<string, unknown>;
  /** A tool's input, as far as it was said. */
  #json = "";

  /** As it begins; that there is room for this is the caller's to see. */
  constructor(begun: JsonObject, room: AnswerRoom) {
    this.#room = room;
    this.#fields = new Map(Object.entries(begun));
  }

  /** Adds what an event says of the block. */
  add({ type, ...delta }: JsonObject): void {
    switch (type) {
      case "text_delta":
        this.#join("text", delta["text"]);
        break;
      case "thinking_delta":
        this.#join("thinking", delta["thinking"]);
        break;
      case "input_json_delta":
        this.#addJson(delta["partial_json"]);
        break;
      case "citations_delta":
        this.#append("citations", delta["citation"]);
        break;
      default:
        // A signature, a compaction, what is new: said once.
        for (const [key, value] of Object.entries(delta)) this.#set(key, value);
    }
  }

  /** The block as it is now. */
  whole(): object {
    const fields = Object.fromEntries(this.#fields);
    return this.#json === "" ? fields : { ...fields, input: inputOf(this.#json) };
  }

  #join(key: string, text: unknown): void {
    if (typeof text === "string") this.#fields.set(key, this.#room.joined(this.#fields.get(key), text));
  }

  #addJson(json: unknown): void {
    if (typeof json === "string") this.#json = this.#room.joined(this.#json, json);
  }

  #append(key: string, item: unknown): void {
    const before = this.#fields.get(key);
    if (!this.#room.hasFor(item)) return;
    if (Array.isArray(before)) before.push(item);
    else this.#fields.set(key, [item]);
  }

  #set(key: string, value: unknown): void {
    const hasRoom = this.#fields.has(key) || this.#room.hasFor(key);
    if (hasRoom && this.#room.hasFor(value, this.#fields.get(key))) this.#fields.set(key, value);
  }
}

/** A tool's input. What is not whole, or nested without end, stays the text it was said in. */
function inputOf(json: string): unknown {
  const input = parseJson(json);
  return input === undefined || isDeeperThan(input, DEPTH_MAX) ? json : input;
}
