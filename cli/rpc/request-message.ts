import type { PackageDefinition } from "@grpc/proto-loader";
import { z } from "zod";
import { CliError } from "../io.ts";

/** What is needed of a google.protobuf.DescriptorProto. */
const descriptorSchema = z.looseObject({
  field: z.array(z.looseObject({ name: z.string(), label: z.string(), type: z.string(), typeName: z.string() })),
});

/**
 * A request's JSON with its fields under the contract's own names; camelCase is taken too. A field that the message
 * does not have is an error: the loader would drop it without a word.
 */
export function requestMessageOf(
  value: unknown,
  type: string,
  scope: string,
  definitions: PackageDefinition,
): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CliError(`${type} must be a JSON object, such as '{}'.`);
  }
  const fullName = fullNameOf(type, scope, definitions);
  const descriptor = descriptorSchema.safeParse(definitions[fullName]?.type);
  if (!descriptor.success) return { ...value };
  const fields = new Map(
    descriptor.data.field.flatMap((field) => [field.name, camelOf(field.name)].map((name) => [name, field])),
  );
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const field = fields.get(key);
      if (field === undefined) {
        const have = descriptor.data.field.map(({ name }) => name).join(", ") || "no fields";
        throw new CliError(`${fullName} has no field "${key}" (it has: ${have}).`);
      }
      if (field.type !== "TYPE_MESSAGE") return [field.name, inner];
      const convert = (item: unknown) => requestMessageOf(item, field.typeName, fullName, definitions);
      if (field.label !== "LABEL_REPEATED") return [field.name, convert(inner)];
      // A map is an object here and repeated in the descriptor; its entries are taken as they are.
      return [field.name, Array.isArray(inner) ? inner.map(convert) : inner];
    }),
  );
}

/** A type's full name: descriptors name it as seen from where they stand. */
function fullNameOf(type: string, scope: string, definitions: PackageDefinition): string {
  const bare = type.replace(/^\./, "");
  for (let within = scope; within !== ""; within = within.slice(0, Math.max(0, within.lastIndexOf(".")))) {
    if (Object.hasOwn(definitions, `${within}.${bare}`)) return `${within}.${bare}`;
  }
  return bare;
}

function camelOf(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
