import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { AnswerFacts, Payload } from "../../core/invocation.ts";
import { factsOf } from "./facts.ts";
import { OutputItems } from "./output-items.ts";

/** The events that bring the whole response, as it ended, and its status then. */
const ENDS: ReadonlyMap<string, string> = new Map([
  ["response.completed", "completed"],
  ["response.incomplete", "incomplete"],
  ["response.failed", "failed"],
]);

/**
 * Reduces the events of a stream to the response they come to: the one that its end brings whole, else what was said
 * until then.
 */
export class ResponseReducer {
  readonly #payloadBytesMax: number;
  readonly #items: OutputItems;
  /** The response as it was told last, but for its output. */
  #head: JsonObject | undefined;
  /** The output that came with the response's end. Undefined: none did. */
  #output: readonly unknown[] | undefined;
  #status = "in_progress";

  /** Beyond `payloadBytesMax` the response is cut; what it says about itself is still read. */
  constructor(payloadBytesMax: number) {
    this.#payloadBytesMax = payloadBytesMax;
    this.#items = new OutputItems(payloadBytesMax);
  }

  /** Adds an event of a type. */
  add(type: string, event: JsonObject): void {
    const { response } = event;
    if (!isObject(response)) {
      this.#items.add(type, event);
      return;
    }
    const { output, ...head } = response;
    this.#head = head;
    const status = ENDS.get(type);
    if (status === undefined) return;
    this.#status = status;
    // Some providers leave out at the end what they have said before.
    if (Array.isArray(output) && output.length > 0) this.#output = output;
  }

  facts(): AnswerFacts {
    const facts = factsOf({ status: this.#status, ...this.#head, output: this.#outputNow() });
    return { ...facts, usageIsPartial: this.#status === "in_progress" || facts.usage === undefined };
  }

  reduced(): Payload | undefined {
    const output = this.#outputNow();
    if (this.#head === undefined && output.length === 0) return undefined;
    const bytes = Buffer.from(JSON.stringify({ object: "response", ...this.#head, output }));
    const isCut = this.#output === undefined && this.#items.isCut;
    return {
      bytes: bytes.subarray(0, this.#payloadBytesMax),
      truncated: isCut || bytes.length > this.#payloadBytesMax,
    };
  }

  #outputNow(): readonly unknown[] {
    return this.#output ?? this.#items.inOrder();
  }
}
