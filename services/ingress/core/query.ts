import { invalidField } from "#lib/service-error.ts";

/** A parameter of a query, which must be there once. */
export function requiredParameter(query: unknown, name: string): string {
  const value = typeof query === "object" && query !== null ? Object.entries(query).find(([key]) => key === name) : [];
  if (typeof value?.[1] === "string" && value[1] !== "") return value[1];
  throw invalidField(name, "give it once, as a parameter of the query");
}

/** The values of a parameter that may be there several times. */
export function repeatedParameter(query: unknown, name: string): readonly string[] {
  const found = Object.entries(query ?? {}).find(([key]) => key === name)?.[1];
  return [found].flat().filter((value) => typeof value === "string");
}
