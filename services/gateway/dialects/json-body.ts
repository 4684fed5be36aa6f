import { parseJson } from "#lib/json-value.ts";
import type { ServiceError } from "#lib/service-error.ts";
import { OPEN_BRACKET } from "../core/json/json-bytes.ts";
import { invalidRequest } from "./invalid-request.ts";
import { type ByteRange, type JsonFields, scanJsonFields } from "./json-fields.ts";

/** A piece of text in the place of a range of bytes. */
export interface Edit extends ByteRange {
  readonly text: string;
}

/** A request's body, read as far as the gateway needs it: the fields that are wanted, and where they stand. */
export class JsonBody {
  readonly bytes: Buffer;
  readonly #fields: JsonFields;

  constructor(bytes: Buffer, wanted: readonly string[]) {
    this.bytes = bytes;
    this.#fields = scanJsonFields(bytes, wanted);
  }

  /** Why the body cannot be read. Undefined: nothing is wrong that a scan sees. */
  get fault(): ServiceError | undefined {
    const { fault } = this.#fields;
    return fault === undefined
      ? undefined
      : invalidRequest(`The request cannot be read: ${fault}. Send one JSON object.`);
  }

  /** The value of a wanted field. Null: it is not there. Undefined: it holds what is not JSON. */
  value(name: string): unknown {
    const range = this.range(name);
    return range === undefined ? null : parseJson(this.bytes.toString("utf8", range.start, range.end));
  }

  /** Whether a wanted field holds a list. */
  holdsList(name: string): boolean {
    const range = this.range(name);
    return range !== undefined && this.bytes[range.start] === OPEN_BRACKET;
  }

  /** Where the value of a wanted field stands. Undefined: it is not there. */
  range(name: string): ByteRange | undefined {
    return this.#fields.values.get(name);
  }

  /** Gives a wanted field a value, as JSON: in the place of the one it has, or in front of the first field. */
  setting(name: string, json: string): Edit {
    const { bodyStart, isEmpty } = this.#fields;
    const range = this.range(name);
    if (range !== undefined) return { ...range, text: json };
    return { start: bodyStart, end: bodyStart, text: `${JSON.stringify(name)}:${json}${isEmpty ? "" : ","}` };
  }

  /** The body with its edits; all other bytes are as they came. */
  edited(edits: readonly Edit[]): Buffer {
    const parts: Buffer[] = [];
    let from = 0;
    for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
      parts.push(this.bytes.subarray(from, start), Buffer.from(text));
      from = end;
    }
    parts.push(this.bytes.subarray(from));
    return Buffer.concat(parts);
  }
}
