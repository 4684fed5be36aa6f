import { z } from "zod";
import { bytes, MiB, ms, name } from "./scalars.ts";

/** The patterns that are there without being written: what they find is in docs/payload.md. */
export const BUILT_IN_PATTERNS = [
  "api-key",
  "credit-card",
  "email",
  "iban",
  "ip-address",
  "jwt",
  "phone",
  "us-ssn",
] as const;

/** What is blacked out: a place in the JSON, or whatever a pattern finds in any text. One of the two. */
export const redactionRule = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe("A JSONPath (RFC 9535), such as $.messages[*].content: every value there."),
    pattern: name.optional().describe("The name of a pattern: built in, or of `redaction.patterns`."),
  })
  .refine(({ path, pattern }) => (path === undefined) !== (pattern === undefined), {
    error: "must have either `path` or `pattern`",
  });

/** `redaction`: what is blacked out of all payload, before anything is written. */
export const redaction = z
  .strictObject({
    patterns: z
      .record(name, z.string().min(1).max(1024).describe("A regular expression."))
      .default({})
      .describe("Patterns of your own, by name: regular expressions (JavaScript's, with the flags `gu`)."),
    rules: z.array(redactionRule).max(64).default([]).describe("Rules for every endpoint."),
    bytesMax: bytes(
      2 * MiB,
      "The largest request or answer that rules are applied to, or that a preview is made of. A larger one is withheld.",
    ),
    timeMs: ms(250, "How long the rules of a call may take. Then its payload is withheld."),
  })
  .prefault({});
