import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inlinesOf, piecesOf } from "../../../console/src/views/setup/markdown.ts";

const GUIDES = readdirSync("docs/guides")
  .filter((file) => file.endsWith(".md"))
  .map((file) => [file, readFileSync(`docs/guides/${file}`, "utf8")] as const);

test.each(GUIDES)("of %s nothing is lost but its title and what sets words off", (_file, markdown) => {
  const read = piecesOf(markdown)
    .map((piece) => {
      switch (piece.kind) {
        case "code":
          return `${piece.language} ${piece.role} ${piece.text}`;
        case "list":
          return piece.items.join(" ");
        case "table":
          return [piece.head, ...piece.rows].flat().join(" ");
        default:
          return piece.text;
      }
    })
    .join(" ");
  const bare = (text: string) => text.replaceAll(/[\s|`#-]+/g, "");
  expect(bare(read)).toBe(bare(markdown.replace(/^# .*\n/, "")));
});

test("a file's text is as it is written, and says what it is called", () => {
  const [first] = piecesOf(readFileSync("docs/guides/openai.md", "utf8")).filter(({ kind }) => kind === "code");
  expect(first).toMatchObject({ language: "js", role: "agent-openai.mjs" });
  expect(first?.kind === "code" && first.text).toMatch(/^import OpenAI from "openai";\n\nconst openai/);
});

test("words are set off as code, as strong, and as links", () => {
  expect(inlinesOf("A `b` **c** [d](e.md#f), `g`.")).toEqual([
    { kind: "text", text: "A " },
    { kind: "code", text: "b" },
    { kind: "text", text: " " },
    { kind: "strong", text: "c" },
    { kind: "text", text: " " },
    { kind: "link", text: "d", to: "e.md#f" },
    { kind: "text", text: ", " },
    { kind: "code", text: "g" },
    { kind: "text", text: "." },
  ]);
});
