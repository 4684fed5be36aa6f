import type { z } from "zod";

/** A body as its schema has it, handed to `then`. A string says what is wrong with it. */
export function readShape<Shape, Read>(schema: z.ZodType<Shape>, body: unknown, then: (shape: Shape) => Read) {
  const parsed = schema.safeParse(body);
  if (parsed.success) return then(parsed.data);
  const [fault] = parsed.error.issues;
  return `Invalid request: ${fault?.path.join(".") || "body"}: ${fault?.message}`;
}
