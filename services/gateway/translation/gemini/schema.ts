import type { JSONSchema7 } from "@ai-sdk/provider";
import type { Fields } from "../fields.ts";
import { given } from "../given.ts";

const TYPES = ["string", "number", "integer", "boolean", "array", "object", "null"];
/** The counts, which Google's JSON may have as texts, as all integers of 64 bits. */
const COUNTS = ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"];

/** A schema as Google's API writes it, a part of OpenAPI's, as a JSON Schema. */
export function readSchema(schema: Fields): JSONSchema7 {
  // In which order fields come is a wish that JSON Schema has no word for.
  schema.leaveOut("propertyOrdering");
  const isNullable = schema.flag("nullable") ?? false;
  const type = typeOf(schema);
  const values = schema.texts("enum");
  const anyOf = schema.list("anyOf", readSchema);
  const written: object = {
    ...given("type", isNullable && type !== undefined ? [type, "null"] : type),
    ...given("format", formatOf(schema)),
    ...given("title", schema.text("title")),
    ...given("description", schema.text("description")),
    ...given("enum", isNullable && values !== undefined ? [...values, null] : values),
    ...given("pattern", schema.text("pattern")),
    ...given("minimum", schema.number("minimum")),
    ...given("maximum", schema.number("maximum")),
    ...Object.assign({}, ...COUNTS.map((name) => given(name, countOf(schema, name)))),
    ...given("properties", schema.entries("properties", readSchema)),
    ...given("required", schema.texts("required")),
    ...given("additionalProperties", additionalOf(schema)),
    ...given("items", schema.object("items", readSchema)),
    ...given("anyOf", anyOf.length === 0 ? undefined : [...anyOf, ...(isNullable ? [{ type: "null" }] : [])]),
    ...given("default", schema.value("default")),
    ...given("examples", schema.has("example") ? [schema.value("example")] : undefined),
  };
  return written;
}

/** Google writes types in capitals. */
function typeOf(schema: Fields): string | undefined {
  const type = schema.text("type")?.toLowerCase();
  if (type === undefined || type === "type_unspecified" || TYPES.includes(type)) {
    return type === "type_unspecified" ? undefined : type;
  }
  throw schema.invalid("type", `must be one of ${TYPES.map((known) => known.toUpperCase()).join(", ")}`);
}

/** That a text is one of an enumeration is said by its `enum`. */
function formatOf(schema: Fields): string | undefined {
  const format = schema.text("format");
  return format === "enum" ? undefined : format;
}

function countOf(schema: Fields, name: string): number | undefined {
  const value = schema.value(name);
  if (typeof value !== "string") return schema.count(name);
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw schema.invalid(name, "must be a whole number, 0 or more");
}

function additionalOf(schema: Fields): boolean | JSONSchema7 | undefined {
  const value = schema.value("additionalProperties");
  return typeof value === "boolean" ? value : schema.object("additionalProperties", readSchema);
}
