import { expect, test } from "vitest";
import { answerTextOf, requestTextOf } from "../../../console/src/views/traces/preview-text.ts";

test("a request is told by what it asks last, an answer by what it says", () => {
  const messages = [
    { role: "user", content: "first" },
    { role: "user", content: "and\n  then?" },
  ];
  expect(requestTextOf(JSON.stringify({ model: "m", messages }))).toBe("and then?");
  expect(requestTextOf(JSON.stringify({ system: "be brief", messages }))).toBe("and then?");
  expect(answerTextOf(JSON.stringify({ choices: [{ message: { role: "assistant", content: "yes" } }] }))).toBe("yes");
});

test("JSON that is cut is told by the last text in it", () => {
  const json = JSON.stringify({
    messages: [
      { role: "user", content: 'say "hi"' },
      { role: "user", content: "x".repeat(50) },
    ],
  });
  expect(requestTextOf(json.slice(0, 90))).toBe("x".repeat(90 - json.indexOf("xxx")));
  expect(requestTextOf(json.slice(0, 52))).toBe('say "hi"');
});

test("what is no JSON stands as it is, on one line", () => {
  expect(requestTextOf("hello\n<b>world</b>")).toBe("hello <b>world</b>");
  expect(requestTextOf("")).toBe("");
});
