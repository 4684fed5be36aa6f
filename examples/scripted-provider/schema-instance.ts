/** How deep a schema is followed; what lies deeper is null. */
const DEPTH_MAX = 16;

/**
 * A value of a JSON schema: each required property, strings of `text`, the first of every choice, one item a list, the
 * least number. An object whose properties nobody told is `{ question: text }`.
 */
export function instanceOf(schema: unknown, text: string): unknown {
  return anyValueOf({ root: schema, text }, schema, 0);
}

interface Making {
  /** Where `$ref`s are looked up. */
  readonly root: unknown;
  readonly text: string;
}

function anyValueOf(making: Making, schema: unknown, depth: number): unknown {
  if (!isRecord(schema) || depth > DEPTH_MAX) return depth === 0 ? { question: making.text } : null;
  const { $ref: ref, const: only, enum: choices } = schema;
  if (typeof ref === "string") return anyValueOf(making, referredOf(making.root, ref), depth + 1);
  if (only !== undefined) return only;
  if (Array.isArray(choices)) return choices[0];
  const [chosen] = [schema["anyOf"], schema["oneOf"], schema["allOf"]].filter(Array.isArray);
  if (chosen !== undefined) return anyValueOf(making, chosen[0], depth + 1);
  return typedValueOf(making, schema, depth);
}

function typedValueOf(making: Making, schema: Readonly<Record<string, unknown>>, depth: number): unknown {
  const { type, properties, items, minimum } = schema;
  // Google writes its types in upper case.
  const word = String(Array.isArray(type) ? type[0] : (type ?? "object")).toLowerCase();
  switch (word) {
    case "string":
      return making.text;
    case "number":
    case "integer":
      return typeof minimum === "number" ? minimum : 1;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return [anyValueOf(making, items, depth + 1)];
    default:
      return isRecord(properties) ? objectOf(making, schema, properties, depth) : { question: making.text };
  }
}

function objectOf(
  making: Making,
  { required }: Readonly<Record<string, unknown>>,
  properties: Readonly<Record<string, unknown>>,
  depth: number,
): unknown {
  const needed = Array.isArray(required) ? Object.entries(properties).filter(([name]) => required.includes(name)) : [];
  const chosen = needed.length === 0 ? Object.entries(properties) : needed;
  return Object.fromEntries(chosen.map(([name, schema]) => [name, anyValueOf(making, schema, depth + 1)]));
}

function referredOf(root: unknown, ref: string): unknown {
  const names = ref.replace(/^#\/?/, "").split("/");
  return names.reduce<unknown>((value, name) => (isRecord(value) && name !== "" ? value[name] : value), root);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
