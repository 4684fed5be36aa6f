import { ServiceError } from "#lib/service-error.ts";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";
import { type ByteRange, type JsonFields, scanJsonFields } from "./json-fields.ts";
import { parseJson } from "./json-value.ts";

/** An endpoint's name is at most this long; what is longer names none. */
const ENDPOINT_NAME_MAX = 128;
const OPEN_BRACKET = 0x5b;

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

/** The endpoint that a request names: beside the body, else as its `model`. Undefined: none that can be one. */
export function endpointNameOf(endpoint: string, model: unknown): string | undefined {
  const named = typeof model === "string" && model.length <= ENDPOINT_NAME_MAX ? model : undefined;
  return endpoint || named;
}

/** What is wrong with a `model`, where the dialect names its endpoint there. Undefined: nothing. */
export function modelFaultOf(model: unknown): ServiceError | undefined {
  if (typeof model === "string" && model !== "") return undefined;
  const message = "`model` is missing, or no text. Give it the name of an endpoint; GET /v1/models lists them.";
  return invalidRequest(message, "model");
}

/** Of a request's headers those of a dialect, as name and value; one that is there twice is joined, as HTTP joins it. */
export function headersNamed(headers: readonly Header[], names: readonly string[]): (readonly [string, string])[] {
  const values = Map.groupBy(headers, ({ name }) => name);
  return names.flatMap((name) => {
    const said = values.get(name);
    return said === undefined ? [] : [[name, said.map(({ value }) => value).join(", ")] as const];
  });
}

/** A request that is not of its dialect. `field`: the one at fault, in the request's own names. */
export function invalidRequest(message: string, field?: string): ServiceError {
  return new ServiceError("invalid_request", message, field === undefined ? {} : { field });
}
