/** Settings that hold a secret, by the sound of their names. */
const SECRET = /key|secret|token|password|authorization/i;
/** Settings that say where one is: no secrets themselves. */
const PLACE = /File$/;
/** Settings whose every text may hold one, whatever its name. */
const ANY_SECRET = "headers";
/** A password within an address. */
const PASSWORD = /(?<=^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:)[^/?#]+(?=@)/i;

/** A copy in which every text that may be a secret is `***`, but for references that are unset. */
export function maskedOf(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => maskedOf(item, name));
  if (typeof value === "object" && value !== null) {
    const isSecret = name === ANY_SECRET;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, maskedOf(inner, isSecret ? "secret" : key)]),
    );
  }
  if (typeof value !== "string") return value;
  if (!SECRET.test(name) || PLACE.test(name)) return value.replace(PASSWORD, "***");
  return /^\$\{[A-Za-z0-9_]+\}$/.test(value) ? value : "***";
}
