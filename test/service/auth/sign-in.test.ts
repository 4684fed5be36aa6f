import { afterAll, beforeAll, expect, test } from "vitest";
import { type KeyedServices, keyFor, startKeyedServices } from "../../system/keyed-services.ts";

const console_ = keyFor("a-person", ["admin"]);
const READER = "/twinspan.trace.v1.ExperimentService/ListExperiments";
const EDITOR = "/twinspan.trace.v1.ExperimentService/CreateExperiment";
let services: KeyedServices;
let own: string;
beforeAll(async () => {
  services = await startKeyedServices({ auth: { keys: [console_.line] } });
  own = services.ingress.url;
});
afterAll(() => services[Symbol.asyncDispose]());

function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${own}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function signIn(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await post("/sign-in", { key: console_.key }, { origin: own, ...headers });
  expect(response.status).toBe(200);
  return response.headers.get("set-cookie") ?? "";
}

const cookieIn = (setCookie: string) => setCookie.split(";", 1)[0] ?? "";

test("a key is put into a cookie that no script reads and no other site sends, and taken out again", async () => {
  const cookie = await signIn();
  expect(cookie).toMatch(/^twinspan=twinspan_\w+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  const response = await fetch(`${own}/who-am-i`, { headers: { cookie: cookieIn(cookie) } });
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toMatchObject({ kind: "key", name: "a-person", workspace: "default" });
  const out = await post("/sign-out", {}, { origin: own, cookie: cookieIn(cookie) });
  expect(out.headers.get("set-cookie")).toMatch(/^twinspan=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/);
});

test("behind TLS the cookie is one that no other host can set", async () => {
  const cookie = await signIn({ "x-forwarded-proto": "https" });
  expect(cookie).toMatch(/^__Host-twinspan=twinspan_\w+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/);
  expect((await fetch(`${own}/who-am-i`, { headers: { cookie: cookieIn(cookie) } })).status).toBe(200);
});

test("who has signed in reads and writes from the console's own pages, and from nowhere else", async () => {
  const cookie = cookieIn(await signIn());
  const outcome = async (path: string, headers: Readonly<Record<string, string>>) =>
    (await post(path, { name: crypto.randomUUID() }, { cookie, ...headers })).status;
  expect(await outcome(EDITOR, { origin: own })).toBe(200);
  expect(await outcome(EDITOR, { "sec-fetch-site": "same-origin" })).toBe(200);
  for (const headers of [
    {},
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: `${own}.evil.example` },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
  ]) {
    expect(await outcome(EDITOR, headers), JSON.stringify(headers)).toBe(403);
  }
});

test("over TLS a cookie that another host could have set counts for nothing", async () => {
  const { key } = console_;
  const seen = async (headers: Readonly<Record<string, string>>) =>
    (await fetch(`${own}/who-am-i`, { headers })).status;
  expect(await seen({ cookie: `twinspan=${key}` })).toBe(200);
  expect(await seen({ cookie: `twinspan=${key}`, "x-forwarded-proto": "https" })).toBe(401);
  expect(await seen({ cookie: `__Host-twinspan=${key}`, "x-forwarded-proto": "https" })).toBe(200);
});

test("a page beside the console's own makes nobody who has signed in ask a provider, by GET neither", async () => {
  const cookie = cookieIn(await signIn());
  const path = "/gateway/proxy/any/models";
  const outcome = async (headers: Readonly<Record<string, string>>) =>
    (await fetch(`${own}${path}`, { headers: { cookie, ...headers } })).status;
  expect(await outcome({})).toBe(403);
  expect(await outcome({ "sec-fetch-site": "same-site" })).toBe(403);
  // The console's own page, and who has typed the address: there is no such endpoint.
  expect(await outcome({ "sec-fetch-site": "same-origin" })).toBe(404);
  expect(await outcome({ "sec-fetch-site": "none" })).toBe(404);
});

test("another site's page signs nobody in or out", async () => {
  for (const path of ["/sign-in", "/sign-out"]) {
    const response = await post(path, { key: console_.key }, { origin: "https://evil.example" });
    expect([response.status, response.headers.get("set-cookie")]).toEqual([403, null]);
  }
});

test("a key that is not known, or is none, sets no cookie", async () => {
  const unknown = keyFor("nobody", ["admin"]).key;
  for (const [key, status] of [
    [unknown, 401],
    ["twinspan_cut", 401],
    ["a key; Path=/", 400],
    ["x".repeat(5000), 400],
    ["", 400],
  ] as const) {
    const response = await post("/sign-in", { key }, { origin: own });
    expect([response.status, response.headers.get("set-cookie")], key.slice(0, 20)).toEqual([status, null]);
    expect(await response.text()).not.toContain(key === "" ? "\u0000" : key);
  }
});

test("a key in a header counts before the cookie, and without one there is no cookie to act by", async () => {
  const cookie = cookieIn(await signIn());
  const unknown = keyFor("nobody", ["admin"]).key;
  const response = await post(READER, {}, { cookie, authorization: `Bearer ${unknown}`, origin: own });
  expect(response.status).toBe(401);
  expect((await post(READER, {}, { cookie: "twinspan=; other=1", origin: own })).status).toBe(401);
});
