import type { z } from "zod";
import { invalidField, ServiceError } from "#lib/service-error.ts";

/** What may be told of a member's name: where any name may be, what stands there may be as long and as secret as a value. */
const TELLABLE = /^[\w.-]{1,60}$/;

/** The value of a JSON body that a schema takes; an empty body is `{}`. Else `invalid_request`, with the field at fault. */
export function parseJsonBody<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.output<Schema> {
  const checked = schema.safeParse(body.length === 0 ? {} : jsonOf(body));
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const field = issue?.path.map(nameOf).join(".") || "the body";
  throw invalidField(field, issue?.message ?? "is not valid");
}

function nameOf(part: PropertyKey): string {
  const name = String(part);
  return TELLABLE.test(name) ? name : "*";
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new ServiceError("invalid_request", "The body is not JSON.", { cause });
  }
}
