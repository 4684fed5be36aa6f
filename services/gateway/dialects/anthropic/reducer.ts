import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import { coinedOf } from "../../core/words.ts";
import { AnswerRoom } from "../answer-room.ts";
import { isPlace } from "../json-value.ts";
import { LatestFields } from "../latest-fields.ts";
import { ContentBlock } from "./content-block.ts";
import { finishReasonsOf, usageOf } from "./facts.ts";

/** A message has at most this many blocks; what is beyond is not recorded. */
const BLOCKS_MAX = 65_536;
/** What facts are read from: it is kept in any case. */
const READ = new Set([
  "stop_reason",
  "input_tokens",
  "output_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "output_tokens_details",
  "iterations",
]);

/** Reduces the events of a stream to the message they come to. */
export class MessageReducer {
  readonly #room: AnswerRoom;
  /** The message as its stream began it: without content. */
  #head: JsonObject | undefined;
  /** What the stream said of the message at its end: why it stopped, and what providers add to that. */
  readonly #tail: LatestFields;
  /** Its counts are those of the whole message so far: each takes the place of the one before. */
  readonly #usage: LatestFields;
  #hasFinalUsage = false;
  readonly #blocks = new Map<number, ContentBlock>();

  /** Beyond `payloadBytesMax` the message is cut; what it says about itself is still read. */
  constructor(payloadBytesMax: number) {
    this.#room = new AnswerRoom(payloadBytesMax);
    this.#tail = new LatestFields(this.#room, READ);
    this.#usage = new LatestFields(this.#room, READ);
  }

  /** Adds an event. True: it brought a token. */
  add(event: JsonObject): boolean {
    switch (event["type"]) {
      case "message_start":
        this.#begin(event["message"]);
        return false;
      case "content_block_start":
        this.#beginBlock(event["index"], event["content_block"]);
        return false;
      case "content_block_delta":
        return this.#addDelta(event["index"], event["delta"]);
      case "message_delta":
        this.#finish(event);
        return false;
      default:
        return false;
    }
  }

  facts(): AnswerFacts {
    return {
      responseId: coinedOf(this.#head?.["id"]),
      responseModel: coinedOf(this.#head?.["model"]),
      finishReasons: finishReasonsOf(this.#tail.get("stop_reason")),
      usage: usageOf(this.#usage.whole()),
      usageIsPartial: !this.#hasFinalUsage,
      firstTokenNanos: undefined,
    };
  }

  reduced(): Payload | undefined {
    if (this.#head === undefined) return undefined;
    const message = {
      ...this.#head,
      content: [...this.#blocks].sort(([a], [b]) => a - b).map(([, block]) => block.whole()),
      ...this.#tail.whole(),
      usage: this.#usage.whole(),
    };
    return { bytes: Buffer.from(JSON.stringify(message)), truncated: this.#room.isOverfull };
  }

  #begin(message: unknown): void {
    if (this.#head !== undefined || !isObject(message)) return;
    const { usage, ...head } = message;
    this.#head = this.#room.hasFor(head) ? head : { id: head["id"], model: head["model"] };
    this.#count(usage);
  }

  #beginBlock(index: unknown, block: unknown): void {
    if (!isPlace(index, BLOCKS_MAX) || this.#blocks.has(index) || !isObject(block)) return;
    // A block counts something of its own, so that many empty ones do not come for nothing.
    if (this.#room.hasFor({})) this.#blocks.set(index, new ContentBlock(block, this.#room));
  }

  /** Adds a piece of a block. True: it brought a token. */
  #addDelta(index: unknown, delta: unknown): boolean {
    const block = isPlace(index, BLOCKS_MAX) ? this.#blocks.get(index) : undefined;
    if (!isObject(delta)) return false;
    block?.add(delta);
    const { text, thinking, partial_json: json } = delta;
    return [text, thinking, json].some((piece) => typeof piece === "string" && piece !== "");
  }

  /** What stands beside `delta` is of the message too. */
  #finish({ type: _type, delta, usage, ...beside }: JsonObject): void {
    if (isObject(delta)) this.#tail.say(delta);
    this.#tail.say(beside);
    this.#count(usage);
    this.#hasFinalUsage ||= isObject(usage) && typeof this.#tail.get("stop_reason") === "string";
  }

  /** A count that is null is not said, unless nothing else is. */
  #count(usage: unknown): void {
    if (!isObject(usage)) return;
    const said = Object.entries(usage).filter(([name, count]) => count !== null || this.#usage.get(name) === undefined);
    this.#usage.say(Object.fromEntries(said));
  }
}
