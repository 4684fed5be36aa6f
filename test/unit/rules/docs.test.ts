import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROLES } from "#lib/auth/role.ts";
import { ERROR_KINDS } from "#lib/service-error.ts";
import { runCli } from "../../../cli/program.ts";
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
    for (const [, link = "", anchor] of text.matchAll(/\]\((?![a-z]+:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const file = link === "" ? document : join(dirname(document), link);
      expect(existsSync(file), `${document} links ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(read(file)), `${document} links ${link}#${anchor}`).toContain(anchor);
    }
    for (const [, path = ""] of text.matchAll(
      /`((?:lib|services|proto|scripts|examples|test|docs|deploy|bench|cli|console)\/[\w./-]+)`/g,
    )) {
      expect(existsSync(path), `${document} names ${path}`).toBe(true);
    }
  }
});

test("what documents have people type after `twinspan` is a command, and takes those options", async () => {
  for (const document of DOCUMENTS) {
    for (const [line, words = "", rest = ""] of commandsIn(read(document))) {
      const { command, help } = await helpOf(words.trim().split(" "));
      expect(`${document}: ${line}`).toContain(`twinspan ${command}`);
      for (const [option] of rest.matchAll(/(?<= )--[a-z-]+/g)) expect(help, `${document}: ${line}`).toContain(option);
    }
  }
});

test("docs/configuration.md has one row for each setting", () => {
  const settings = [...configurationDoc().matchAll(/^\| `(\S+)` \|/gm)].map(([, setting]) => setting);
  expect(settings.filter((setting, place) => settings.indexOf(setting) !== place)).toEqual([]);
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

/** The names by which links reach the headings of a document, as GitHub and the console make them. */
function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return [...text.replaceAll(/^```.*?^```/gms, "").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

/** What is typed: lines of blocks of code, and code within sentences, each from `twinspan` on: all of it, its words, the rest. */
function commandsIn(text: string) {
  const blocks = [...text.matchAll(/^ *```.*?\n(.*?)^ *```/gms)].flatMap(([, block = ""]) => block.split("\n"));
  const spans = [...text.replaceAll(/^ *```.*?^ *```/gms, "").matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span);
  return [...blocks, ...spans].flatMap((code) => [
    ...code.matchAll(/(?<=^\W*|\/|\$\()twinspan ((?:[a-z]+(?: |$)){1,2})([^#|]*)/g),
  ]);
}

/** The longest beginning of the words that is a command, and what `--help` says of it and of all commands. */
async function helpOf(words: readonly string[]) {
  const all = await helpText([]);
  const [first = "", second = ""] = words;
  if (!isCommandIn(all, first)) return { command: "(a command)", help: "" };
  const help = await helpText([first]);
  if (!/^Commands:$/m.test(help)) return { command: first, help: help + all };
  if (!isCommandIn(help, second)) return { command: `${first} (a command)`, help: "" };
  return { command: `${first} ${second}`, help: (await helpText([first, second])) + all };
}

const isCommandIn = (help: string, word: string) => new RegExp(`^  ${word}(?: |$)`, "m").test(help);

async function helpText(command: readonly string[]): Promise<string> {
  let said = "";
  const take = (text: string) => {
    said += text;
  };
  const { signal } = new AbortController();
  const io = {
    out: take,
    err: take,
    errIsTerminal: false,
    environment: {},
    directory: ".",
    stop: signal,
    stopNow: signal,
  };
  await runCli([...command, "--help"], { ...io, input: () => process.stdin });
  return said;
}
