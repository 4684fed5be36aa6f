import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type IngressBench, startIngressBench } from "./ingress-bench.ts";

const DOC = readFileSync("docs/http-api.md", "utf8");
const ROWS = [...DOC.matchAll(/^\| ([A-Z, ]+) \| `([^`]+)` \|/gm)].map(([, methods = "", path = ""]) => ({
  methods: methods.split(", "),
  path: path.replace("{endpoint}", "demo").replace("{path}", "any/thing").replace("{trace}", "tr-1"),
}));

let bench: IngressBench;
beforeAll(async () => {
  bench = await startIngressBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

test("docs/http-api.md has its paths in tables that can be read", () => {
  expect(ROWS.length).toBeGreaterThan(25);
});

test.each(ROWS)("what docs/http-api.md says is at $path takes $methods", async ({ methods, path }) => {
  const response = await fetch(`${bench.ingress.url}${path}`, { method: "OPTIONS" });
  expect(response.status).toBe(405);
  const allowed = response.headers.get("allow")?.split(", ") ?? [];
  expect(allowed).toEqual(expect.arrayContaining(methods));
});
