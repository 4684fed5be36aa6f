import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digest } from "../../../services/trace-writer/store/digest.ts";
import { pack, unpack } from "../../../services/trace-writer/store/packing.ts";

/** As a protobuf message begins: field 1, length-delimited. */
const message = (body: Uint8Array) => Buffer.concat([Buffer.from([0x0a]), body]);

test("what is packed comes back as it was, whatever its length", () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.nat(20_000).map((length) => randomBytes(length)),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      expect(Buffer.from(unpack(pack(message(body)))).equals(message(body))).toBe(true);
    }),
  );
});

test("what tells a call comes back, which begins with field 5, as zstd's frames would with another type", () => {
  const bytes = Buffer.concat([Buffer.from([0x2a, 0xb5, 0x2f, 0xfd]), Buffer.alloc(100)]);
  expect(Buffer.from(unpack(pack(bytes))).equals(bytes)).toBe(true);
});

test("what was stored before there was a dictionary is read as ever", () => {
  const bytes = message(Buffer.from("gen_ai.operation.name".repeat(100)));
  expect(Buffer.from(unpack(zstdCompressSync(bytes))).equals(bytes)).toBe(true);
});

test("names of attributes take hardly any room, though they are there once", () => {
  const names = ["gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.finish_reasons", "mlflow.spanType"];
  const bytes = message(Buffer.concat([Buffer.from(names.join("\n")), randomBytes(450)]));
  expect(pack(bytes).length).toBeLessThan(bytes.length - 40);
});

test("the dictionary is the one that files were written with", () => {
  const file = readFileSync("services/trace-writer/store/packing-dictionary.bin");
  expect(digest(file)).toBe("6d78340021131572458780a4e4340f70");
});
