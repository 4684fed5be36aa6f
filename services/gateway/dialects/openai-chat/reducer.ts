import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import { coinedOf, finishReasonOf } from "../../core/words.ts";
import { AnswerRoom } from "../answer-room.ts";
import { isPlace } from "../json-value.ts";
import { openAiUsageOf } from "../openai-usage.ts";

/** Fields of a delta that name something: they are said once, not piece by piece. */
const SAID_ONCE = new Set(["role", "id", "type", "name", "index", "format"]);
/** A list of a delta has at most this many items; what is beyond is not recorded. */
const LIST_MAX = 1024;

/** What has been merged so far. Without a prototype, since its keys come from the provider. */
type Merged = { [key: string]: unknown };

/** A choice in the making. */
interface Choice {
  readonly message: Merged;
  finishReason: string | null;
}

/**
 * Reduces chat completion chunks to the chat completion they come to. Deltas are merged by shape, not by name, so that
 * what providers add (reasoning, refusals, annotations) is kept: texts are joined (the engine joins them once, when
 * they are read), lists merged by `index`.
 */
export class ChatReducer {
  readonly #room: AnswerRoom;
  #head: JsonObject | undefined;
  #usage: unknown;
  readonly #choices = new Map<number, Choice>();

  /** Beyond `payloadBytesMax` the answer's text is cut; what it says about itself is still read. */
  constructor(payloadBytesMax: number) {
    this.#room = new AnswerRoom(payloadBytesMax);
  }

  /** Whether every choice that began has said why it ended. */
  get isComplete(): boolean {
    return this.#choices.size > 0 && this.#choices.values().every(({ finishReason }) => finishReason !== null);
  }

  /** Adds a chunk. True: it brought a token. */
  add(chunk: JsonObject): boolean {
    if (this.#head === undefined || (this.#head["id"] === "" && chunk["id"] !== "")) this.#head = chunk;
    this.#usage = saidUsageOf(chunk) ?? this.#usage;
    const { choices } = chunk;
    if (!Array.isArray(choices)) return false;
    let hasToken = false;
    for (const choice of choices) hasToken = this.#addChoice(choice) || hasToken;
    return hasToken;
  }

  facts(): AnswerFacts {
    const choices = this.#choicesInOrder();
    return {
      responseId: coinedOf(this.#head?.["id"]),
      responseModel: coinedOf(this.#head?.["model"]),
      finishReasons: choices.flatMap(([, { finishReason }]): FinishReason[] =>
        finishReason === null ? [] : [finishReasonOf(finishReason)],
      ),
      usage: openAiUsageOf(this.#usage),
      usageIsPartial: this.#usage === undefined || (this.#choices.size > 0 && !this.isComplete),
      firstTokenNanos: undefined,
    };
  }

  reduced(): Payload | undefined {
    if (this.#head === undefined) return undefined;
    const { choices: _choices, usage: _usage, object: _object, ...head } = this.#head;
    const answer = {
      ...head,
      object: "chat.completion",
      choices: this.#choicesInOrder().map(([index, { message, finishReason }]) => ({
        index,
        message: { role: "assistant", content: null, ...message },
        finish_reason: finishReason,
      })),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
    };
    return { bytes: Buffer.from(JSON.stringify(answer)), truncated: this.#room.isOverfull };
  }

  #addChoice(choice: unknown): boolean {
    if (!isObject(choice)) return false;
    const index = choice["index"] ?? 0;
    if (!isPlace(index, LIST_MAX)) return false;
    const known = this.#choices.get(index) ?? { message: empty(), finishReason: null };
    this.#choices.set(index, known);
    if (typeof choice["finish_reason"] === "string") known.finishReason = choice["finish_reason"];
    return isObject(choice["delta"]) && this.#merge(known.message, choice["delta"]);
  }

  /** Merges a delta into what is known. True: text came. */
  #merge(known: Merged, delta: JsonObject): boolean {
    let hasText = false;
    for (const key in delta) {
      const value = delta[key];
      if (!(key in known) && !this.#room.hasFor(key)) continue;
      if (typeof value === "string" && !SAID_ONCE.has(key)) {
        hasText = this.#append(known, key, value) || hasText;
      } else if (Array.isArray(value)) {
        hasText = this.#mergeList(known, key, value) || hasText;
      } else if (isObject(value)) {
        hasText = this.#merge(objectAt(known, key), value) || hasText;
      } else if (value !== null && !(value === "" && key in known) && known[key] !== value) {
        if (this.#room.hasFor(value)) known[key] = value;
      }
    }
    return hasText;
  }

  #append(known: Merged, key: string, text: string): boolean {
    const before = known[key];
    if (this.#room.hasFor(text)) known[key] = typeof before === "string" ? before + text : text;
    return text !== "";
  }

  #mergeList(known: Merged, key: string, pieces: readonly unknown[]): boolean {
    const before = known[key];
    const list: unknown[] = Array.isArray(before) ? before : [];
    known[key] = list;
    let hasText = false;
    for (const piece of pieces) {
      const index = (isObject(piece) ? piece["index"] : undefined) ?? list.length;
      if (!isPlace(index, LIST_MAX) || !(index in list || this.#room.hasFor(index))) continue;
      if (isObject(piece)) hasText = this.#merge(itemAt(list, index), piece) || hasText;
      else if (this.#room.hasFor(piece)) list[index] = piece;
    }
    return hasText;
  }

  #choicesInOrder(): readonly (readonly [number, Choice])[] {
    return [...this.#choices].sort(([a], [b]) => a - b);
  }
}

/** The usage that a chunk says, also where Groq says it. Undefined: none. */
function saidUsageOf({ usage, x_groq: groq }: JsonObject): JsonObject | undefined {
  if (isObject(usage)) return usage;
  return isObject(groq) && isObject(groq["usage"]) ? groq["usage"] : undefined;
}

function empty(): Merged {
  return { __proto__: null };
}

/** The object in a field, made when there is none. */
function objectAt(known: Merged, key: string): Merged {
  const found = known[key];
  if (isMerged(found)) return found;
  const made = empty();
  known[key] = made;
  return made;
}

/** The object at an index, made when there is none. */
function itemAt(list: unknown[], index: number): Merged {
  const found = list[index];
  if (isMerged(found)) return found;
  const made = empty();
  list[index] = made;
  return made;
}

function isMerged(value: unknown): value is Merged {
  return isObject(value);
}
