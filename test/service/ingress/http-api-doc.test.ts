import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROUTE_NEEDS } from "../../../services/ingress/core/route-needs.ts";
import { openMethods } from "../../../services/ingress/routes/contract-methods.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";

const DOC = readFileSync("docs/http-api.md", "utf8");
const ROWS = [...DOC.matchAll(/^\| ([A-Z, ]+) \| `([^`]+)` \|/gm)].map(([, methods = "", path = ""]) => ({
  methods: methods.split(", "),
  path: path.replace("{endpoint}", "demo").replace("{path}", "any/thing").replace("{trace}", "tr-1"),
}));

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun();
});
afterAll(() => run[Symbol.asyncDispose]());

test("docs/http-api.md has its paths in tables that can be read", () => {
  expect(ROWS.length).toBeGreaterThan(25);
});

test.each(ROWS)("what docs/http-api.md says is at $path takes $methods", async ({ methods, path }) => {
  const response = await fetch(`${run.ingress.url}${path}`, { method: "OPTIONS" });
  expect(response.status).toBe(405);
  const allowed = response.headers.get("allow")?.split(", ") ?? [];
  expect(allowed).toEqual(expect.arrayContaining(methods));
});

test("every route is in docs/http-api.md, and every method that HTTP clients may call", () => {
  const named = new Set(DOC.split("\n").flatMap(routesIn));
  const served = [...Object.keys(ROUTE_NEEDS), ...openMethods().map(({ path }) => `POST ${path}`)];
  const missing = served.filter(
    (route) => !named.has(shapeOf(route)) && !named.has(shapeOf(route.replace(" ", " /api"))),
  );
  // Those are in words: the console's files, and Gemini's paths under the version without `beta`.
  expect(missing.filter((route) => !/ \/(assets|gemini\/v1)\//.test(route))).toEqual([]);
});

/** The routes that a row of a table names, each path of it and under each further prefix. */
function routesIn(line: string): readonly string[] {
  const [, methods = "", path = "", rest = ""] = /^\| ([A-Z, ]+) \| `([^`]+)`(.*)$/.exec(line) ?? [];
  const also = [...rest.matchAll(/`(\/[^`]*)`/g)].map(([, other = ""]) =>
    /^(\/api)?\/\d\.\d$/.test(other) ? path.replace(/^(\/(?:ajax-)?api)\/\d\.\d/, `$1/${other.slice(-3)}`) : other,
  );
  return [path, ...also].flatMap((one) => methods.split(", ").map((method) => shapeOf(`${method} ${one}`)));
}

/** A route whatever its variable parts are called: `:name`, `{name}` and `*` alike, and what follows them in a segment. */
function shapeOf(route: string): string {
  return route.replace(" /ajax-api/", " /api/").replaceAll(/(?<=\/)(?:\{\w+\}|:\w+|\*)[^/]*/g, "*");
}
