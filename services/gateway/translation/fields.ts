import type { JSONObject } from "@ai-sdk/provider";
import { isObject, parseJson } from "#lib/json-value.ts";
import type { ServiceError } from "#lib/service-error.ts";
import type { Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { invalidRequest } from "../dialects/invalid-request.ts";
import { isDeeperThan } from "../dialects/json-value.ts";
import { untranslatable } from "./untranslatable.ts";

/** A request is nested at most so deep, schemas included: a deeper one could exhaust the stack of whoever walks it. */
const DEPTH_MAX = 100;

/** Names of fields that are shown. Others are the caller's own text. */
const SHOWN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** How a format spells its fields: as they stand here, or as Google's JSON also may, with underscores for capitals. */
export type Spelling = "as-is" | "proto";

/**
 * Reads a request's body. Every field must be read: one that `read` leaves unread, or that is not known, is refused by
 * name. Throws a ServiceError, `invalid_request` or `untranslatable`.
 */
export function readBody<T>({ body }: Invocation, read: (fields: Fields) => T, spelling: Spelling = "as-is"): T {
  const value = parseJson(body.toString("utf8"));
  if (!isObject(value)) throw invalidRequest("The request is not a JSON object. Send one.");
  if (isDeeperThan(value, DEPTH_MAX)) {
    throw invalidRequest(`The request is nested deeper than ${DEPTH_MAX} levels. Send a flatter one.`);
  }
  return readFields(value, "", read, spelling);
}

function readFields<T>(value: unknown, path: string, read: (fields: Fields) => T, spelling: Spelling): T {
  if (!isJson(value)) throw invalidRequest(`\`${path}\` must be an object.`, path);
  const fields = new Fields(value, path, spelling);
  const made = read(fields);
  fields.end();
  return made;
}

/**
 * The fields of one object of a request. A field that is null is one that is not there. What is read of the wrong type
 * is `invalid_request` with the field's path, such as `messages[0].content[1].type`.
 */
export class Fields {
  readonly #object: JSONObject;
  readonly #path: string;
  readonly #spelling: Spelling;
  readonly #read = new Set<string>();

  constructor(object: JSONObject, path: string, spelling: Spelling) {
    this.#object = object;
    this.#path = path;
    this.#spelling = spelling;
  }

  /** Where a field stands in the request. */
  pathOf(name: string): string {
    const shown = SHOWN_NAME.test(name) ? name : "…";
    return this.#path === "" ? shown : `${this.#path}.${shown}`;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  value(name: string): unknown {
    this.#read.add(name);
    const value = this.#object[name] ?? undefined;
    if (value !== undefined || this.#spelling === "as-is") return value;
    const underscored = name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
    this.#read.add(underscored);
    return this.#object[underscored] ?? undefined;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "string") return value;
    throw this.invalid(name, "must be text");
  }

  requiredText(name: string): string {
    return this.text(name) ?? this.missing(name);
  }

  number(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
    throw this.invalid(name, "must be a number");
  }

  /** A whole number that is no less than 0. */
  count(name: string): number | undefined {
    const value = this.number(name);
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value;
    throw this.invalid(name, "must be a whole number, 0 or more");
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.invalid(name, "must be true or false");
  }

  /** One of a closed list of words. */
  word<const T extends string>(name: string, words: readonly T[]): T | undefined {
    const value = this.text(name);
    const word = words.find((known) => known === value);
    if (value === undefined || word !== undefined) return word;
    throw this.invalid(name, `must be one of ${words.join(", ")}`);
  }

  /** An object whose fields are the caller's own. */
  json(name: string): JSONObject | undefined {
    const value = this.value(name);
    if (value === undefined || isJson(value)) return value;
    throw this.invalid(name, "must be an object");
  }

  /** This object, whose fields are the caller's own. */
  all(): JSONObject {
    for (const name in this.#object) this.#read.add(name);
    return this.#object;
  }

  object<T>(name: string, read: (fields: Fields) => T): T | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : readFields(value, this.pathOf(name), read, this.#spelling);
  }

  requiredObject<T>(name: string, read: (fields: Fields) => T): T {
    const value = this.value(name) ?? this.missing(name);
    return readFields(value, this.pathOf(name), read, this.#spelling);
  }

  /** An object of objects, whose fields' names are the caller's own. */
  entries<T>(name: string, read: (fields: Fields) => T): Readonly<Record<string, T>> | undefined {
    const all = this.json(name);
    if (all === undefined) return undefined;
    const fields = new Fields(all, this.pathOf(name), "as-is");
    const named = Object.keys(all).map((key) => [key, readFields(all[key], fields.pathOf(key), read, this.#spelling)]);
    return Object.fromEntries(named);
  }

  /** A list of objects. Empty: it is not there. */
  list<T>(name: string, read: (fields: Fields) => T): readonly T[] {
    const value = this.value(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.invalid(name, "must be a list");
    return value.map((item, index) => readFields(item, `${this.pathOf(name)}[${index}]`, read, this.#spelling));
  }

  /** A text, or a list of objects. */
  textOrList<T>(name: string, read: (fields: Fields) => T): string | readonly T[] | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "string") return value;
    if (!Array.isArray(value)) throw this.invalid(name, "must be text or a list");
    return this.list(name, read);
  }

  texts(name: string): string[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw this.invalid(name, "must be a list of texts");
  }

  /** Reads fields that change nothing about the answer, so that they may be left out. */
  leaveOut(...names: readonly string[]): void {
    for (const name of names) this.value(name);
  }

  /** Refuses fields that have no place in the interface. `why` ends the sentence "cannot be translated: …". */
  refuse(names: readonly string[], why: string): void {
    for (const name of names) if (this.has(name)) throw this.untranslatable(name, why);
  }

  /** Refuses a field, but for the values that change nothing. */
  allowOnly(name: string, harmless: readonly unknown[], why: string): void {
    const value = this.value(name);
    if (value !== undefined && !harmless.includes(value)) throw this.untranslatable(name, why);
  }

  /** The error of a field that is not of the format. `what` ends the sentence "`field` …". */
  invalid(name: string, what: string): ServiceError {
    const path = this.pathOf(name);
    return invalidRequest(`\`${path}\` ${what}.`, path);
  }

  /** Throws the error of a field that must be there. */
  missing(name: string): never {
    throw this.invalid(name, "is missing");
  }

  untranslatable(name: string, why: string): ServiceError {
    return untranslatable(this.pathOf(name), why);
  }

  /** Refuses the fields that were not read. */
  end(): void {
    for (const name in this.#object) {
      if (!this.#read.has(name) && (this.#object[name] ?? undefined) !== undefined) {
        throw this.untranslatable(name, "it is not known here");
      }
    }
  }
}

function isJson(value: unknown): value is JSONObject {
  return isObject(value);
}
