import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import { coinedOf } from "../../core/words.ts";
import { AnswerRoom } from "../answer-room.ts";
import { isPlace } from "../json-value.ts";
import { LatestFields } from "../latest-fields.ts";
import { Candidate } from "./candidate.ts";
import { BLOCKED, isBlocked, usageOf } from "./facts.ts";

/** An answer has at most this many candidates; what is beyond is not recorded. */
const CANDIDATES_MAX = 64;
/** What facts are read from: it is kept in any case. */
const READ = new Set(["responseId", "modelVersion", "promptFeedback", "usageMetadata"]);

/** Reduces the chunks of generated content to the answer they come to. */
export class ContentReducer {
  readonly #room: AnswerRoom;
  readonly #candidates = new Map<number, Candidate>();
  /** What was said last of the answer as a whole: usage is told anew in each chunk, and grows. */
  readonly #fields: LatestFields;

  /** Beyond `payloadBytesMax` the answer is cut; what it says about itself is still read. */
  constructor(payloadBytesMax: number) {
    this.#room = new AnswerRoom(payloadBytesMax);
    this.#fields = new LatestFields(this.#room, READ);
  }

  /** Whether every candidate that began has said why it ended, or the prompt was blocked. */
  get isComplete(): boolean {
    if (this.#candidates.size === 0) return isBlocked(this.#fields.get("promptFeedback"));
    return this.#candidates.values().every(({ finishReason }) => finishReason !== undefined);
  }

  /** Adds a chunk. True: it brought a token. */
  add({ candidates, ...fields }: JsonObject): boolean {
    this.#fields.say(fields);
    return Array.isArray(candidates) && candidates.filter((candidate) => this.#addTo(candidate)).length > 0;
  }

  facts(): AnswerFacts {
    const ended = this.#inOrder().map(({ finishReason }) => finishReason);
    return {
      responseId: coinedOf(this.#fields.get("responseId")),
      responseModel: coinedOf(this.#fields.get("modelVersion")),
      finishReasons:
        ended.length === 0 && this.isComplete ? BLOCKED : ended.filter((finishReason) => finishReason !== undefined),
      usage: usageOf(this.#fields.get("usageMetadata")),
      usageIsPartial: !this.isComplete || this.#fields.get("usageMetadata") === undefined,
      firstTokenNanos: undefined,
    };
  }

  reduced(): Payload | undefined {
    if (this.#candidates.size === 0 && this.#fields.isEmpty) return undefined;
    const candidates = this.#inOrder().map((candidate) => candidate.whole());
    const answer = { ...(candidates.length === 0 ? {} : { candidates }), ...this.#fields.whole() };
    return { bytes: Buffer.from(JSON.stringify(answer)), truncated: this.#room.isOverfull };
  }

  #addTo(candidate: unknown): boolean {
    if (!isObject(candidate)) return false;
    const index = candidate["index"] ?? 0;
    if (!isPlace(index, CANDIDATES_MAX)) return false;
    const known = this.#candidates.get(index) ?? new Candidate(this.#room);
    this.#candidates.set(index, known);
    return known.add(candidate);
  }

  #inOrder(): readonly Candidate[] {
    return [...this.#candidates].sort(([a], [b]) => a - b).map(([, candidate]) => candidate);
  }
}
