import type { JsonObject } from "#lib/json-value.ts";
import { AnswerRoom } from "../answer-room.ts";
import { Growing } from "./growing.ts";

/** A list of an item whose parts grow, and what an event says the part's place by. */
interface PartPlace {
  readonly list: string;
  readonly at: string;
}

/** The text that a delta goes on with: a field of one of an item's parts, or of the item itself. */
interface TextPlace {
  readonly part: PartPlace | undefined;
  readonly field: string;
}

const CONTENT: PartPlace = { list: "content", at: "content_index" };
const SUMMARY: PartPlace = { list: "summary", at: "summary_index" };

const TEXTS: ReadonlyMap<string, TextPlace> = new Map([
  ["response.output_text.delta", { part: CONTENT, field: "text" }],
  ["response.refusal.delta", { part: CONTENT, field: "refusal" }],
  ["response.reasoning_text.delta", { part: CONTENT, field: "text" }],
  ["response.reasoning_summary_text.delta", { part: SUMMARY, field: "text" }],
  ["response.function_call_arguments.delta", { part: undefined, field: "arguments" }],
  ["response.mcp_call_arguments.delta", { part: undefined, field: "arguments" }],
  ["response.custom_tool_call_input.delta", { part: undefined, field: "input" }],
  ["response.code_interpreter_call_code.delta", { part: undefined, field: "code" }],
]);

/** The items of a response's output in the making. */
export class OutputItems {
  readonly #room: AnswerRoom;
  readonly #output: Growing;

  constructor(bytesMax: number) {
    this.#room = new AnswerRoom(bytesMax);
    this.#output = new Growing(this.#room);
  }

  /** Whether something was not kept for want of room. */
  get isCut(): boolean {
    return this.#room.isOverfull;
  }

  /**
   * Adds what an event of a type says of an item: that it began or is done, a part of it, a piece of its text. What is
   * told in any other way is kept when its item is done.
   */
  add(type: string, event: JsonObject): void {
    const text = TEXTS.get(type);
    if (text !== undefined) {
      this.#placeOf(event, text.part)?.join(text.field, event["delta"]);
      return;
    }
    switch (type) {
      case "response.output_item.added":
      case "response.output_item.done":
        this.#placeOf(event, undefined)?.set(event["item"]);
        break;
      case "response.content_part.added":
        this.#placeOf(event, CONTENT)?.set(event["part"]);
        break;
      case "response.reasoning_summary_part.added":
        this.#placeOf(event, SUMMARY)?.set(event["part"]);
        break;
      case "response.output_text.annotation.added":
        this.#placeOf(event, CONTENT)?.partAt("annotations", event["annotation_index"])?.set(event["annotation"]);
        break;
    }
  }

  /** The items as they are now. */
  inOrder(): readonly object[] {
    return this.#output.partsOf("output");
  }

  /** The item, or the part of it, that an event is about. Undefined: it names none, or there is no room for it. */
  #placeOf(event: JsonObject, part: PartPlace | undefined): Growing | undefined {
    const item = this.#output.partAt("output", event["output_index"]);
    return part === undefined ? item : item?.partAt(part.list, event[part.at]);
  }
}
