import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import type { AnswerRoom } from "../answer-room.ts";
import { LatestFields } from "../latest-fields.ts";
import { callsTool, finishReasonOf } from "./facts.ts";

/** What a part has that is text, or a thought, and nothing else: it goes on in the next part. */
const TEXT_FIELDS = new Set(["text", "thought", "thoughtSignature"]);

/** A candidate in the making. */
export class Candidate {
  readonly #room: AnswerRoom;
  /** What was said of it last: the grounding, ratings and the like are told anew each time. */
  readonly #fields: LatestFields;
  /** The same of its content. */
  readonly #content: LatestFields;
  readonly #parts: JsonObject[] = [];
  #finishReason: unknown;
  #callsTools = false;

  constructor(room: AnswerRoom) {
    this.#room = room;
    this.#fields = new LatestFields(room);
    this.#content = new LatestFields(room);
  }

  /** Why it ended. Undefined: it has not. */
  get finishReason(): FinishReason | undefined {
    return finishReasonOf(this.#finishReason, this.#callsTools);
  }

  /** Adds what a chunk says of it. True: it brought a token. */
  add({ content, ...fields }: JsonObject): boolean {
    this.#finishReason = fields["finishReason"] ?? this.#finishReason;
    this.#fields.say(fields);
    if (!isObject(content)) return false;
    const { parts, ...others } = content;
    this.#content.say(others);
    return Array.isArray(parts) && parts.filter((part) => this.#addPart(part)).length > 0;
  }

  /** The candidate as it is now. */
  whole(): object {
    return {
      content: { parts: this.#parts, ...this.#content.whole() },
      ...this.#fields.whole(),
    };
  }

  /** Adds a part, or joins it to the text before it. True: it brought a token. */
  #addPart(part: unknown): boolean {
    if (!isObject(part)) return false;
    this.#callsTools ||= callsTool(part);
    const before = this.#parts.at(-1);
    if (before !== undefined && goesOn(before, part)) {
      const { text, thoughtSignature } = part;
      const joined = { ...before, text: this.#room.joined(before["text"], String(text)) };
      const isSigned = thoughtSignature !== undefined && this.#room.hasFor(thoughtSignature);
      this.#parts[this.#parts.length - 1] = isSigned ? { ...joined, thoughtSignature } : joined;
    } else if (this.#room.hasFor(part)) {
      this.#parts.push(part);
    }
    return part["text"] !== "";
  }
}

/** Whether a text goes on in the next part: both are text, or both thoughts, and no signature stands between them. */
function goesOn(before: JsonObject, part: JsonObject): boolean {
  return (
    isText(before) &&
    isText(part) &&
    before["thoughtSignature"] === undefined &&
    (before["thought"] === true) === (part["thought"] === true)
  );
}

function isText(part: JsonObject): boolean {
  return typeof part["text"] === "string" && Object.keys(part).every((key) => TEXT_FIELDS.has(key));
}
