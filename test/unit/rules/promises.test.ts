import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** The documents that say what is promised, each promise next to the test that holds it. */
const DOCUMENTS = ["docs/reliability.md", "docs/keys.md", "SECURITY.md"];

/** A test that is named: its file, and its name as it stands there. */
interface NamedTest {
  readonly file: string;
  readonly name: string;
}

/** `file`: *name*, *name*; … */
function testsIn(text: string): readonly NamedTest[] {
  return [...text.matchAll(/`(test\/[\w./-]+\.ts)`: ((?:\*[^*]+\*(?:, )?)+)/g)].flatMap(([, file = "", names = ""]) =>
    [...names.matchAll(/\*([^*]+)\*/g)].map(([, name = ""]) => ({ file, name })),
  );
}

test("every test that a promise is said to be held by exists, by that name", () => {
  const named = DOCUMENTS.flatMap((document) => testsIn(readFileSync(document, "utf8")));
  expect(named.length).toBeGreaterThan(50);
  const missing = named.filter(({ file, name }) => !existsSync(file) || !readFileSync(file, "utf8").includes(name));
  expect(missing).toEqual([]);
});

test("every promise names a test, or says that there is none", () => {
  const rows = DOCUMENTS.flatMap((document) => {
    const text = readFileSync(document, "utf8");
    const tables = text.split(/\n\n+/).filter((part) => / held by \|\n/.test(part));
    expect(tables.length, document).toBeGreaterThan(0);
    return tables.flatMap((table) => table.trim().split("\n").slice(2));
  });
  const bare = rows.filter(
    (row) => testsIn(row).length === 0 && !/\| (the same|no test here .*|\[below\].*) \|$/.test(row),
  );
  expect(bare).toEqual([]);
});
