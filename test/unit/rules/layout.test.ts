import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** Beyond that a file is about two things. */
const LINES_MAX = 250;

const SOURCES = ["bench", "cli", "console/src", "examples", "lib", "scripts", "services", "test", "tools"].flatMap(
  filesIn,
);

test("no file is longer than a reader can hold", () => {
  const long = SOURCES.filter((file) => readFileSync(file, "utf8").split("\n").length - 1 > LINES_MAX);
  expect(long).toEqual([]);
});

test("files and their directories are named in kebab-case, and for what they are about", () => {
  const names = SOURCES.flatMap((file) => file.replace(/(\.test)?\.tsx?$/, "").split("/"));
  const bad = [...new Set(names)].filter(
    (name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || /^(utils?|helpers?|common|misc|index)$/.test(name),
  );
  expect(bad).toEqual([]);
});

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(directory, file));
}
