import { afterAll, beforeAll, expect, test } from "vitest";
import { newCaller } from "../callers/caller.ts";
import { keyFor } from "../system/keyed-services.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { untilShipped } from "../traces/twins.ts";
import { buildConsole, expectAccessible, startBrowser, type TestBrowser, type TestPage } from "./browser.ts";

const START_MS = 240_000;
const CANARY = "what only some may read";

const inTeam = (name: string, roles: Parameters<typeof keyFor>[1]) => keyFor(name, roles, { workspace: "team" });
const KEYS = {
  gateway: keyFor("gateway", ["record"]),
  developer: inTeam("developer", ["invoke", "write-traces", "read-payloads"]),
  reader: inTeam("reader", ["read-traces"]),
  neighbour: keyFor("neighbour", ["admin"], { workspace: "neighbours" }),
};

let stack: Stack;
let browser: TestBrowser;
/** The full traces of a call of each workspace. */
let own = "";
let foreign = "";
beforeAll(async () => {
  await buildConsole();
  const models = [{ provider: "scripted", model: "echo-1" }];
  stack = await startStack({
    models: [],
    workspaces: [{ name: "team" }, { name: "neighbours" }],
    auth: { keys: Object.values(KEYS).map(({ line }) => line) },
    gateway: { traceWriterKey: KEYS.gateway.key },
    endpoints: [
      { name: "assistant", workspace: "team", experiment: "calls", models },
      { name: "theirs", workspace: "neighbours", experiment: "foreign calls", models },
    ],
  });
  own = await call(KEYS.developer.key, "assistant");
  foreign = await call(KEYS.neighbour.key, "theirs");
  browser = await startBrowser();
}, START_MS);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

/** Calls an endpoint, and gives the name of the full trace once it is stored. */
async function call(key: string, model: string): Promise<string> {
  const response = await fetch(`${stack.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      traceparent: newCaller().traceparent,
    },
    body: JSON.stringify({ model, messages: [{ role: "user", content: CANARY }] }),
  });
  await response.text();
  await untilShipped(stack);
  return response.headers.get("x-twinspan-trace-id") ?? "";
}

/** Opens an address as somebody with a key, by the form. */
async function signedIn({ key }: { readonly key: string }, path: string): Promise<TestPage> {
  const opened = await browser.open(`${stack.url}${path}`);
  await opened.page.getByLabel("Key").fill(key);
  await opened.page.getByRole("button", { name: "Sign in" }).click();
  await opened.page.getByRole("button", { name: "Sign out" }).waitFor();
  return opened;
}

/** What a browser says by itself of an answer that is no success: it is expected here, and nothing else is. */
const unexpected = (faults: readonly string[]) => faults.filter((fault) => !/status of 40[13]/.test(fault));

test.each(["light", "dark"] as const)(
  "whoever has no key is asked for one, accessibly, in the %s theme",
  async (colorScheme) => {
    const { page, faults } = await browser.open(`${stack.url}/traces`, { colorScheme });
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await expectAccessible(page);
    expect(await page.getByRole("button", { name: "Sign out" }).count()).toBe(0);
    expect(unexpected(faults)).toEqual([]);
  },
);

test("a wrong key is told, the right one leads to where one wanted to go, and signing out leads back", async () => {
  const { page, faults } = await browser.open(`${stack.url}/traces/${own}`);
  const key = page.getByLabel("Key");
  await key.fill(`${KEYS.developer.key.slice(0, -1)}_`);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("alert").textContent()).toMatch(/cut or mistyped|not known/);
  await expectAccessible(page);
  await key.fill(KEYS.developer.key);
  await page.keyboard.press("Enter");
  await page
    .getByRole("heading", { name: /assistant/ })
    .first()
    .waitFor();
  await page.getByTitle(/^developer, workspace team: .*read-payloads/).waitFor();
  expect(await page.evaluate("document.cookie + JSON.stringify({...localStorage, ...sessionStorage})")).not.toContain(
    "twinspan_",
  );

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(await page.content()).not.toContain(CANARY);
  expect(unexpected(faults)).toEqual([]);
});

test("one sees the traces of one's own workspace, and those of others are not there", async () => {
  const { page } = await signedIn(KEYS.developer, "/experiments");
  await page.getByRole("link", { name: "calls", exact: true }).waitFor();
  expect(await page.getByText("foreign calls").count()).toBe(0);
  await page.goto(`${stack.url}/traces/${own}`);
  await page.getByText(CANARY).first().waitFor();
  await page.goto(`${stack.url}/traces/${foreign}`);
  await page.getByRole("heading", { name: "Not here" }).waitFor();
  await page.goto(`${stack.url}/endpoints`);
  await page.getByRole("heading", { name: "assistant" }).waitFor();
  expect(await page.getByText("theirs", { exact: true }).count()).toBe(0);
});

test("a key that reads no payload sees none, is told so, and what it misses", async () => {
  const { page, faults } = await signedIn(KEYS.reader, `/traces/${own}`);
  await page.getByRole("heading", { name: "Not yours to read" }).waitFor();
  expect(await page.getByText(/takes the role read-payloads/).count()).toBe(1);
  await page.getByText("model/scripted/echo-1").first().waitFor();
  expect(await page.content()).not.toContain(CANARY);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Raw" }).click();
  await page.getByRole("heading", { name: "Not yours to read" }).waitFor();
  await page.goto(`${stack.url}/traces`);
  await page
    .getByRole("link", { name: /assistant/ })
    .first()
    .waitFor();
  expect(await page.content()).not.toContain(CANARY);
  expect(unexpected(faults)).toEqual([]);
});

test("what a key may not do is shown, does nothing, and says which role it takes", async () => {
  const { page, faults } = await signedIn(KEYS.reader, "/experiments");
  const refused = async (name: string, role: string) => {
    const button = page.getByRole("button", { name, exact: true });
    await button.and(page.getByTitle(`This takes the role ${role}, which your key does not have.`)).waitFor();
    await button.focus();
    await page.keyboard.press("Enter");
    expect(await page.getByRole("dialog").count()).toBe(0);
  };
  await refused("New experiment", "write-traces");
  await refused("Rename calls", "admin");
  await refused("What is kept of calls", "admin");
  await page.keyboard.press("n");
  expect(await page.getByRole("dialog").count()).toBe(0);
  await expectAccessible(page);

  await page.goto(`${stack.url}/traces/${own}`);
  await refused("Add tags", "write-traces");
  await page.getByRole("button", { name: "More" }).click();
  const deletion = page.getByRole("button", { name: "Delete …" });
  await deletion.and(page.getByTitle(/takes the role admin/)).click({ force: true });
  expect(await page.getByRole("dialog", { name: "Delete this trace?" }).count()).toBe(0);
  expect(unexpected(faults)).toEqual([]);
});

test("an endpoint is tried as who is signed in; without the role for it the form says which it takes", async () => {
  const { page, faults } = await signedIn(KEYS.developer, "/endpoints?name=assistant");
  const form = page.getByRole("region", { name: "Try it" });
  await form.getByLabel("Message").fill("said by a developer");
  await form.getByRole("button", { name: "Send" }).click();
  await form.getByRole("link", { name: "Full trace" }).click();
  await page.getByText("said by a developer").first().waitFor();
  await page.getByText("developer").first().waitFor();
  expect(faults.filter((fault) => !/status of 401/.test(fault))).toEqual([]);

  const reader = await signedIn(KEYS.reader, "/endpoints?name=assistant");
  const shut = reader.page.getByRole("region", { name: "Try it" });
  await shut.getByText(/takes the role invoke/).waitFor();
  expect(await shut.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
  expect(unexpected(reader.faults)).toEqual([]);
});
