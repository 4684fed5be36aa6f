import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** Whose directories are all in the tree of docs/architecture.md. */
const TOLD = [".", "lib", "services/gateway", "services/ingress", "services/trace-writer", "test"];
/** What is no part of the project. `core/` is told once, for all services. */
const PASSED = new Set(["node_modules", "var", "core"]);

const [, tree = ""] = /^```\n(proto\/.*?)^```/ms.exec(readFileSync("docs/architecture.md", "utf8")) ?? [];

/** The directories of the tree: indented by two below the one that holds them, several in a line. */
function directoriesIn(text: string): readonly string[] {
  const above: string[] = [];
  return text.split("\n").flatMap((line) => {
    const [, indent = "", names = ""] = /^( *)((?:[a-z0-9-]+\/(?: +|$))+)/.exec(line) ?? [];
    const depth = indent.length / 2;
    if (names === "" || !Number.isInteger(depth) || depth > above.length) return [];
    above.length = depth;
    const found = names.trim().split(/ +/);
    const paths = found.map((name) => join(...above, name.slice(0, -1)));
    above.push(found.at(-1)?.slice(0, -1) ?? "");
    return paths;
  });
}

test("every directory in the tree of docs/architecture.md is there", () => {
  const told = directoriesIn(tree);
  expect(told.length).toBeGreaterThan(40);
  expect(told.filter((path) => !existsSync(path))).toEqual([]);
});

test("the tree of docs/architecture.md has every directory of the project, its services, lib/ and test/", () => {
  const told = new Set(directoriesIn(tree));
  const there = TOLD.flatMap((parent) =>
    readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !PASSED.has(entry.name))
      .map(({ name }) => join(parent, name)),
  );
  expect(there.filter((path) => !told.has(path))).toEqual([]);
});
