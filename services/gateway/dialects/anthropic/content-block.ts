import { type JsonObject, parseJson } from "#lib/json-value.ts";
import type { AnswerRoom } from "../answer-room.ts";
import { isDeeperThan } from "../json-value.ts";
import { LatestFields } from "../latest-fields.ts";

/** A tool's input that is nested deeper is recorded as text. */
const DEPTH_MAX = 64;

/** A block of a message's content in the making: text, thinking, the call of a tool, or what else providers come up with. */
export class ContentBlock {
  readonly #room: AnswerRoom;
  readonly #fields: LatestFields;
  /** A tool's input, as far as it was said. */
  #json = "";

  /** As it begins. */
  constructor(begun: JsonObject, room: AnswerRoom) {
    this.#room = room;
    this.#fields = new LatestFields(room);
    this.#fields.say(begun);
  }

  /** Adds what an event says of the block. */
  add({ type, ...delta }: JsonObject): void {
    switch (type) {
      case "text_delta":
        this.#fields.join("text", delta["text"]);
        break;
      case "thinking_delta":
        this.#fields.join("thinking", delta["thinking"]);
        break;
      case "input_json_delta":
        if (typeof delta["partial_json"] === "string")
          this.#json = this.#room.joined(this.#json, delta["partial_json"]);
        break;
      case "citations_delta":
        this.#fields.append("citations", delta["citation"]);
        break;
      default:
        // A signature, a compaction, what is new: said once.
        this.#fields.say(delta);
    }
  }

  /** The block as it is now. */
  whole(): object {
    const fields = this.#fields.whole();
    return this.#json === "" ? fields : { ...fields, input: inputOf(this.#json) };
  }
}

/** A tool's input. What is not whole, or nested without end, stays the text it was said in. */
function inputOf(json: string): unknown {
  const input = parseJson(json);
  return input === undefined || isDeeperThan(input, DEPTH_MAX) ? json : input;
}
