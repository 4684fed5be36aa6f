import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { serialize } from "#lib/wire/serialize.ts";
import { WordReader } from "#lib/wire/word-reader.ts";

const texts = fc.array(fc.string({ unit: "binary", maxLength: 90 }), { minLength: 1, maxLength: 50 });
const encoded = (all: readonly string[]) => {
  const writer = new BinaryWriter();
  for (const text of all) writer.string(text);
  return writer.finish();
};
const all = (reader: BinaryReader) => {
  const read: string[] = [];
  while (reader.pos < reader.len) read.push(reader.string());
  return read;
};

test("a reader that remembers words reads the same texts as one that does not, however often they come", () => {
  fc.assert(
    fc.property(texts, (some) => {
      const bytes = encoded([...some, ...some]);
      expect(all(new WordReader(bytes))).toEqual(all(new BinaryReader(bytes)));
      expect(all(new WordReader(bytes))).toEqual(all(new BinaryReader(bytes)));
    }),
  );
});

test("it reads arbitrary bytes as the other does, and fails where that fails", () => {
  const outcome = (reader: BinaryReader) => {
    try {
      return all(reader);
    } catch (error) {
      return String(error);
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(outcome(new WordReader(bytes))).toEqual(outcome(new BinaryReader(bytes)));
    }),
  );
});

test("bytes that are a remembered text's characters, and not its own bytes, are read as what they are", () => {
  const misread: string[] = [];
  for (let code = 0; code < 60_000; code += 1) {
    const text = `\u00c3${String.fromCharCode(0x80 + (code % 0x40))}${code.toString(36)}`;
    const bytes = new BinaryWriter().bytes(Buffer.from(text, "latin1")).finish();
    new WordReader(encoded([text])).string();
    if (new WordReader(bytes).string() !== new BinaryReader(bytes).string()) misread.push(text);
  }
  expect(misread).toEqual([]);
});

test("what is serialized within what is serialized, and after what failed, is whole", () => {
  const text = { encode: (message: string, writer: BinaryWriter) => writer.string(message) };
  const nested = {
    encode: (message: string, writer: BinaryWriter) => writer.string("outer").bytes(serialize(text, message)),
  };
  const failing = {
    encode(_: string, writer: BinaryWriter): BinaryWriter {
      writer.string("half");
      throw new Error("no");
    },
  };
  expect(() => serialize(failing, "")).toThrow("no");
  const reader = new BinaryReader(serialize(nested, "inner"));
  expect([reader.string(), new BinaryReader(reader.bytes()).string()]).toEqual(["outer", "inner"]);
  expect(all(new BinaryReader(serialize(text, "x".repeat(300_000))))).toEqual(["x".repeat(300_000)]);
  expect(all(new BinaryReader(serialize(text, "next")))).toEqual(["next"]);
});
