/*
 * Reads what may be any JSON, field by field: nothing is believed of what an agent or a provider sent, and nothing of
 * it can make a reader fail.
 */

/** The value of an object's own field. Undefined: it is no object, or has none of that name. */
export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null && Object.hasOwn(json, name)
    ? Object.getOwnPropertyDescriptor(json, name)?.value
    : undefined;
}

/** The text under the first of the names that holds one. */
export function textAt(json: unknown, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fieldOf(json, name);
    if (typeof value === "string") return value;
  }
  return undefined;
}

/** The list under the first of the names that holds one. */
export function listAt(json: unknown, ...names: readonly string[]): readonly unknown[] | undefined {
  for (const name of names) {
    const value = fieldOf(json, name);
    if (Array.isArray(value)) return value;
  }
  return undefined;
}

/** A value as JSON text, indented by so many blanks: a text is as it is. What is nested too deeply to be written is `…`. */
export function jsonTextOf(json: unknown, indent = 0): string {
  if (typeof json === "string") return json;
  try {
    return JSON.stringify(json, undefined, indent) ?? "";
  } catch {
    return "…";
  }
}
