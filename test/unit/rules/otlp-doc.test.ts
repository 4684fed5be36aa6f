import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { REJECTIONS } from "../../../services/trace-writer/core/spans/span-check.ts";

const page = readFileSync(new URL("../../../docs/otlp.md", import.meta.url), "utf8");

test("docs/otlp.md has every reason for which a span is not taken, and no other", () => {
  const rows = page.slice(page.indexOf("| reason |")).matchAll(/^\| (`.*?) \|/gm);
  const reasons = Array.from(rows, ([, cell = ""]) => Array.from(cell.matchAll(/`([a-z_]+)`/g), ([, word]) => word));
  expect(new Set(reasons.flat())).toEqual(new Set(Object.keys(REJECTIONS)));
});

test("the tests that docs/otlp.md names are there", () => {
  const names = Array.from(page.matchAll(/`((?:service|unit)\/[a-z/-]+)`/g), ([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(10);
  for (const name of new Set(names)) {
    const file = [".test.ts", ".ts"].map((ending) => new URL(`../../${name}${ending}`, import.meta.url));
    expect(file.some(existsSync), name).toBe(true);
  }
});
