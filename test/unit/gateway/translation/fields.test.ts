import { describe, expect, it } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { type Fields, readBody } from "../../../../services/gateway/translation/fields.ts";

function read<T>(body: string, read: (fields: Fields) => T, spelling?: "as-is" | "proto"): T {
  const dialect = Dialect.DIALECT_ANTHROPIC_MESSAGES;
  return readBody(
    { dialect, endpoint: "", body: Buffer.from(body), target: undefined, headers: [], credentials: [] },
    read,
    spelling,
  );
}

function refusalOf(body: string, reader: (fields: Fields) => unknown): { kind: string; field: string | undefined } {
  try {
    read(body, reader);
  } catch (error) {
    if (error instanceof ServiceError) return { kind: error.kind, field: error.field };
    throw error;
  }
  throw new Error("it was read");
}

describe("the fields of a request", () => {
  it("are read by name and type, and null is absent", () => {
    const made = read('{"a":"x","b":2,"c":true,"d":null,"e":[{"f":"g"}]}', (fields) => ({
      a: fields.text("a"),
      b: fields.count("b"),
      c: fields.flag("c"),
      d: fields.text("d"),
      e: fields.list("e", (inner) => inner.requiredText("f")),
    }));
    expect(made).toEqual({ a: "x", b: 2, c: true, d: undefined, e: ["g"] });
  });

  it("are refused by name and place when nobody reads them", () => {
    const reader = (fields: Fields) => fields.list("e", (inner) => inner.text("f"));
    expect(refusalOf('{"e":[{"f":"g"},{"f":"g","h":1}]}', reader)).toEqual({ kind: "untranslatable", field: "e[1].h" });
    expect(refusalOf('{"__proto__":{"a":1}}', () => undefined)).toEqual({ kind: "untranslatable", field: "__proto__" });
  });

  it("are invalid when they are of the wrong type, or missing", () => {
    expect(refusalOf('{"a":1}', (fields) => fields.text("a"))).toEqual({ kind: "invalid_request", field: "a" });
    expect(refusalOf("{}", (fields) => fields.requiredText("a"))).toEqual({ kind: "invalid_request", field: "a" });
    expect(refusalOf('{"a":-1}', (fields) => fields.count("a"))).toEqual({ kind: "invalid_request", field: "a" });
    expect(refusalOf("[]", () => undefined)).toEqual({ kind: "invalid_request", field: undefined });
  });

  it("are not read when they are nested too deep", () => {
    const deep = `{"a":${"[".repeat(200)}${"]".repeat(200)}}`;
    expect(refusalOf(deep, (fields) => fields.value("a")).kind).toBe("invalid_request");
  });

  it("may be spelled with underscores, where the format is Google's", () => {
    const reader = (fields: Fields) => fields.object("systemInstruction", (inner) => inner.text("mimeType"));
    expect(read('{"system_instruction":{"mime_type":"x"}}', reader, "proto")).toBe("x");
    expect(read('{"systemInstruction":{"mimeType":"x"}}', reader, "proto")).toBe("x");
  });
});
