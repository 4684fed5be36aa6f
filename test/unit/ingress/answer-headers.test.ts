import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { streamHeadersOf } from "../../../services/ingress/core/answer-headers.ts";

/** The comment on `AnswerHead.headers`, which is where the list is kept. */
function listedInContract(): { readonly names: readonly string[]; readonly prefixes: readonly string[] } {
  const proto = readFileSync("proto/twinspan/gateway/v1/invocation.proto", "utf8");
  const [, head = ""] = /message AnswerHead \{([\s\S]*?)\n\}/.exec(proto) ?? [];
  const words = [...head.matchAll(/`([a-z-]+)`/g)].map(([, word = ""]) => word);
  const renamed = new Set(["x-request-id", "request-id"]);
  return {
    names: words.filter((word) => !word.endsWith("-") && !renamed.has(word)),
    prefixes: words.filter((word) => word.endsWith("-")),
  };
}

function passedOf(names: readonly string[]): readonly string[] {
  const head = { status: 200, headers: names.map((name) => ({ name, value: "v" })) };
  const ours = streamHeadersOf({ status: 200, headers: [] }, [], "id").length;
  return streamHeadersOf(head, [], "id")
    .filter((_, index) => index % 2 === 0)
    .slice(0, -ours / 2);
}

test("the headers that the contract lists pass, and no others", () => {
  const { names, prefixes } = listedInContract();
  expect(names.length).toBeGreaterThan(6);
  expect(prefixes.length).toBeGreaterThan(1);
  const all = [...names, ...prefixes.map((prefix) => `${prefix}remaining-tokens`)];
  expect(passedOf(all)).toEqual(all);
  const others = [
    "set-cookie",
    "transfer-encoding",
    "connection",
    "x-request-id",
    "server",
    "ratelimit-x",
    "openai-other",
  ];
  expect(passedOf(others)).toEqual([]);
});
