import type { z } from "zod";

/**
 * What is told of a wrong setting, in place of zod's words: what it must be. Settings that say so themselves
 * (`lib/config/schema.ts`) are not asked here. Never quotes a value, which may be a secret. Undefined: zod's own words.
 */
export function faultWordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return `is missing. It must be ${kindOf(issue.expected)}.`;
      return `must be ${kindOf(issue.expected)}`;
    case "unrecognized_keys":
      return `there is no setting ${unknownKeysOf(issue.keys, issue.path).join(", ")} here. docs/configuration.md has all there are.`;
    case "invalid_value":
      return `must be one of ${issue.values.map((value) => `\`${String(value)}\``).join(", ")}`;
    case "invalid_key":
      return `its name ${issue.issues[0]?.message ?? "cannot be that"}`;
    case "too_small":
      return issue.origin === "string" ? "must not be empty" : `must be at least ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}${issue.origin === "array" ? " long" : ""}`;
    case "invalid_union":
      return "must be settings by name, or the word `none`";
    default:
      return undefined;
  }
}

/** Settings that had another name, and have it no more: where they are, with `*` for any name, and what they are now. */
const RENAMED: ReadonlyMap<string, string> = new Map([["providers.*.dialects", "formats"]]);

function unknownKeysOf(keys: readonly string[], path: readonly PropertyKey[] = []): readonly string[] {
  return keys.map((key) => {
    const at = path.map((step, index) => (index === 1 ? "*" : String(step)));
    const renamed = RENAMED.get([...at, key].join("."));
    return renamed === undefined ? `"${key}"` : `"${key}", which is called "${renamed}" now,`;
  });
}

function kindOf(expected: string): string {
  switch (expected) {
    case "int":
      return "a whole number";
    case "number":
      return "a number";
    case "string":
      return "a text";
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "object":
    case "record":
      return "settings by name";
    default:
      return expected;
  }
}
