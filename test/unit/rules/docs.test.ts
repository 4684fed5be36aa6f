import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROLES } from "#lib/auth/role.ts";
import { ERROR_KINDS } from "#lib/service-error.ts";
import { configurationDoc, configurationJsonSchema } from "../../../scripts/configuration-doc.ts";

const read = (file: string) => readFileSync(file, "utf8");
const DOCUMENTS = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"],
  ...readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
  ...readdirSync("examples").map((example) => join("examples", example, "README.md")),
];

test("docs/errors.md says of every kind of error what the table in the code says", () => {
  const yes = (is: boolean) => (is ? "yes" : "no");
  const expected = Object.entries(ERROR_KINDS).map(
    ([kind, { grpc, http, nextAttempt, retry }]) =>
      `\`${kind}\` | ${grpc} | ${http} | ${yes(nextAttempt)} | ${yes(retry)}`,
  );
  const rows = read("docs/errors.md").matchAll(/^\| (`[a-z_]+` \| \d+ \| \d+ \| \w+ \| \w+) \| \S.* \|$/gm);
  expect([...rows].map(([, row]) => row)).toEqual(expected);
});

test("docs/configuration.md and the JSON Schema are what the schema makes", () => {
  expect(read("docs/configuration.md")).toBe(configurationDoc());
  expect(read("twinspan.schema.json")).toBe(configurationJsonSchema());
});

test("every setting has a description", () => {
  const bare = configurationDoc().match(/^\| `\S+` \|.*\| {2}\|$/gm);
  expect(bare).toBeNull();
});

test("docs/dependencies.md has every dependency, each pinned exactly, and no other", () => {
  const names = z.record(z.string(), z.string());
  const schema = z.object({ dependencies: names, devDependencies: names });
  const { dependencies, devDependencies } = schema.parse(JSON.parse(read("package.json")));
  const all = { ...dependencies, ...devDependencies };
  for (const [name, version] of Object.entries(all)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  const rows = read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \|/gm);
  expect([...rows].map(([, name]) => name).sort()).toEqual(Object.keys(all).sort());
});

test("what documents name exists: make targets, linked files, files of the repository", () => {
  const targets = new Set([...read("Makefile").matchAll(/^([a-z-]+):/gm)].map(([, target]) => target));
  for (const document of DOCUMENTS) {
    const text = read(document);
    for (const [, target] of text.matchAll(/(?:^|`)make ([a-z]+(?:-[a-z]+)*)/gm))
      expect(targets, `${document}: make ${target}`).toContain(target);
    for (const [, link = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      expect(existsSync(join(dirname(document), link)), `${document} links ${link}`).toBe(true);
    }
    for (const [, path = ""] of text.matchAll(/`((?:lib|services|proto|scripts|examples|test|docs)\/[\w./-]+)`/g)) {
      expect(existsSync(path), `${document} names ${path}`).toBe(true);
    }
  }
});

test("every make target says in `make help` what it does", () => {
  const makefile = read("Makefile");
  const targets = [...makefile.matchAll(/^([a-z-]+):(.*)$/gm)];
  for (const [, target, rest] of targets) expect(rest, target).toContain(" ## ");
  const needed = ["up", "test", "check", "fix", "generate", "bench", "clean", "help", "lint", "types", "interop"];
  expect(targets.map(([, target]) => target)).toEqual(expect.arrayContaining(needed));
});

test("docs/keys.md has a row for every role", () => {
  const rows = read("docs/keys.md").matchAll(/^\| `([a-z-]+)` \| \S.* \| .*\|$/gm);
  expect([...rows].map(([, role]) => role)).toEqual([...ROLES]);
});
