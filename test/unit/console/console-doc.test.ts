import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { traceCodec } from "../../../console/src/views/trace/trace-address.ts";
import { COLUMNS_BY_DEFAULT, tracesCodec } from "../../../console/src/views/traces/traces-address.ts";

const doc = readFileSync("docs/console.md", "utf8");
const sources = readdirSync("console/src", { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => readFileSync(join("console/src", file), "utf8"));

/** What stands in backticks in the first cells of a table's rows. */
function firstCells(heading: string): readonly string[] {
  const rows = doc.split(heading)[1]?.split("\n\n")[0]?.split("\n").slice(2) ?? [];
  return rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word));
}

test("docs/console.md has every key that the console hears, and no other", () => {
  const written = sources.flatMap((source) =>
    [...source.matchAll(/\bkeys: "([^"]+)", does/g)].map(([, keys = ""]) => keys),
  );
  const byView = ["g o", "g x", "g t", "g e", "g s"];
  const told = firstCells("| key | does |").filter((keys) => !/^\d$/.test(keys));
  expect(told.toSorted()).toEqual([...new Set([...written, ...byView])].toSorted());
});

test("docs/console.md has every part of an address", () => {
  const list = tracesCodec.write({
    scope: { kind: "pending" },
    filter: "x",
    range: { kind: "last", ms: 60_000 },
    order: "oldest",
    columns: ["id"],
    live: false,
  });
  const trace = traceCodec.write({ span: "0".repeat(16), panel: "raw", beside: `tr-${"0".repeat(32)}` });
  expect(firstCells("| of the list | is | by default |").toSorted()).toEqual([...list.keys()].toSorted());
  expect(firstCells("| of a trace | is | by default |").toSorted()).toEqual([...trace.keys()].toSorted());
  for (const column of COLUMNS_BY_DEFAULT) expect(doc).toContain(`\`${column}\``);
});
