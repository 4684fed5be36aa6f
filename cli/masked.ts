const SECRET = /key|secret|token|password|authorization/i;

/** A copy in which every text under a name that sounds like a secret's is `***`, but for references that are unset. */
export function maskedOf(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => maskedOf(item, name));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskedOf(inner, key)]));
  }
  if (typeof value !== "string" || !SECRET.test(name)) return value;
  return /^\$\{[A-Za-z0-9_]+\}$/.test(value) ? value : "***";
}
