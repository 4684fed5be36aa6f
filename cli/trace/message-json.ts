/**
 * A message as JSON for programs: 64-bit integers as texts, ids (8 or 16 bytes under a name that ends in `Id` or `Ids`)
 * as hex, other bytes as base64.
 */
export function messageJsonOf(message: unknown): string {
  return JSON.stringify(plainOf(message, ""), undefined, 2);
}

function plainOf(value: unknown, name: string): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Buffer.isBuffer(value)) return value.toString(/Ids?$/.test(name) ? "hex" : "base64");
  if (Array.isArray(value)) return value.map((item) => plainOf(item, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner, key)]));
}
