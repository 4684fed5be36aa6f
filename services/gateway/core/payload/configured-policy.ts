import type { Config } from "#lib/config/schema.ts";
import { BUILT_IN } from "./built-in-patterns.ts";
import { type Pattern, regexPattern } from "./pattern.ts";
import type { PayloadPolicy } from "./payload-policy.ts";
import { createRedactor, type RedactionRule } from "./redactor.ts";

type PayloadOptions = Config["endpoints"][number]["payload"];

/**
 * The policy of an endpoint: its own rules after those for all endpoints. `bytesMax`: how much of a payload is recorded
 * of any endpoint. Throws where a rule's path or pattern cannot be read, which the configuration's checks have told.
 */
export function configuredPolicyOf(
  payload: PayloadOptions,
  redaction: Config["redaction"],
  bytesMax: number,
): PayloadPolicy {
  const own = Object.entries(redaction.patterns).map(([name, source]) => regexPattern(name, new RegExp(source, "gu")));
  const patterns = new Map<string, Pattern>([...BUILT_IN, ...own].map((pattern) => [pattern.name, pattern]));
  const rules = [...redaction.rules, ...payload.redact].map((rule) => ruleOf(rule, patterns));
  return {
    keep: payload.keep,
    bytesMax: Math.min(payload.bytesMax, bytesMax),
    previewCharacters: payload.previewCharacters,
    redactor: rules.length === 0 ? undefined : createRedactor(rules),
    lookedAtBytesMax: redaction.bytesMax,
    timeMs: redaction.timeMs,
  };
}

function ruleOf(
  { path, pattern: name }: PayloadOptions["redact"][number],
  patterns: ReadonlyMap<string, Pattern>,
): RedactionRule {
  if (path !== undefined) return { path };
  const pattern = patterns.get(name ?? "");
  if (pattern === undefined) throw new Error(`no pattern ${name}: the configuration was not checked`);
  return { pattern };
}
