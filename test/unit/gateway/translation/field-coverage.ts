import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import type { Dialect, Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";

/** What becomes of a field that a request may have. */
export type FieldCase =
  /** It changes what the provider is asked. */
  | { readonly translated: unknown }
  /** It changes nothing, and is left out. */
  | { readonly leftOut: unknown }
  /** It is an error that names the field, or the one within it. */
  | { readonly refused: unknown; readonly field?: string }
  /** It is never there in such a request. */
  | { readonly invalid: unknown }
  /** The request always has it. */
  | "required";

/** An invocation with that body. */
export function invocationOf(dialect: Dialect, body: object, query = ""): Invocation {
  return {
    dialect,
    endpoint: "an-endpoint",
    body: Buffer.from(JSON.stringify(body)),
    target: { method: "", path: "", query },
    headers: [],
    credentials: [],
  };
}

/** The ServiceError that reading throws. */
export function refusalOf(read: () => unknown): ServiceError {
  try {
    read();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error("it was read");
}

/** Holds docs/translation.md to what becomes of each field; `section` begins the part of it that has the table. */
export function describeDocumented(section: string, fields: Readonly<Record<string, FieldCase>>): void {
  it(`docs/translation.md says what becomes of each field: ${section}`, () => {
    const document = readFileSync("docs/translation.md", "utf8");
    const start = document.indexOf(`\n${section}\n`);
    const [, table = ""] = /\n(\|(?:.|\n)*?)\n\n/.exec(document.slice(start)) ?? [];
    const rows = [...table.matchAll(/^\| (`.*?`) \| ([a-z ]+) \|/gm)];
    const told = rows.flatMap(([, names = "", word = ""]) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => [name, word]),
    );
    const expected = Object.entries(fields).map(([name, field]) => [name, wordOf(field)]);
    expect(told.sort()).toEqual(expected.sort());
  });
}

function wordOf(field: FieldCase): string {
  if (field === "required" || "translated" in field) return "translated";
  return "leftOut" in field ? "left out" : "refused";
}

/**
 * Holds a codec to what it does with every field that a format's SDK knows: `fields` has them all, since its type is
 * made of the SDK's.
 */
export function describeFields(
  what: string,
  fields: Readonly<Record<string, FieldCase>>,
  decoded: (field: Readonly<Record<string, unknown>>) => unknown,
): void {
  describe(what, () => {
    for (const [name, field] of Object.entries(fields)) {
      if (field === "required") continue;
      if ("translated" in field) {
        it(`translates ${name}`, () => {
          expect(decoded({ [name]: field.translated })).not.toEqual(decoded({}));
        });
      } else if ("leftOut" in field) {
        it(`leaves out ${name}`, () => {
          expect(decoded({ [name]: field.leftOut })).toEqual(decoded({}));
        });
      } else if ("invalid" in field) {
        it(`takes no ${name}`, () => {
          expect(refusalOf(() => decoded({ [name]: field.invalid })).kind).toBe("invalid_request");
        });
      } else {
        it(`refuses ${name} by name`, () => {
          const { kind, field: told } = refusalOf(() => decoded({ [name]: field.refused }));
          expect(kind).toBe("untranslatable");
          expect(told).toMatch(new RegExp(`(^|\\.)${field.field ?? name}$`));
        });
      }
    }
  });
}
