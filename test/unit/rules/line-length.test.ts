import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** As wide as the formatter makes code. */
const LINE_MAX = 120;

const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...globSync(["docs/**/*.md", "examples/**/README.md"]),
];

test("the prose of documents is wrapped; tables, pictures, headings and code are as wide as they are", () => {
  expect(DOCUMENTS.flatMap((file) => tooLong(file, proseOf(readFileSync(file, "utf8"))))).toEqual([]);
});

test("contracts are wrapped", () => {
  const contracts = globSync("proto/twinspan/**/*.proto");
  expect(contracts.flatMap((file) => tooLong(file, readFileSync(file, "utf8").split("\n")))).toEqual([]);
});

test("comments of several lines are wrapped", () => {
  const code = globSync(["{bench,cli,console,examples,lib,scripts,services,test,tools}/**/*.{ts,tsx}"]);
  const comments = code.map((file) => ({ file, lines: commentsOf(readFileSync(file, "utf8")) }));
  expect(comments.flatMap(({ file, lines }) => tooLong(file, lines))).toEqual([]);
});

/** The lines that are too long, each with its place. */
function tooLong(file: string, lines: readonly string[]): readonly string[] {
  return lines.flatMap((line, index) => (line.length > LINE_MAX ? [`${file}:${index + 1}: ${line}`] : []));
}

/** A document's lines; those that nobody can wrap are empty. */
function proseOf(text: string): readonly string[] {
  let isCode = false;
  return text.split("\n").map((line) => {
    const isFence = /^\s*```/.test(line);
    if (isFence) isCode = !isCode;
    return isCode || isFence || /^\s*(\||#|!\[|<)/.test(line) ? "" : line;
  });
}

/** A file's lines; those that are no comment, or a comment of one line, are empty. */
function commentsOf(text: string): readonly string[] {
  return text.split("\n").map((line) => (/^\s*(\*|\/\/) /.test(line) ? line : ""));
}
