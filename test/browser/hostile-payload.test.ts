import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { until } from "../../tools/until.ts";
import { chat } from "../callers/chat.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { buildConsole, startBrowser, type TestBrowser } from "./browser.ts";

const START_MS = 240_000;
// A browser shares the machine with all else that is tested.
vi.setConfig({ testTimeout: 120_000 });
const SVG = `data:image/svg+xml;base64,${Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").toString("base64")}`;
const MARKUP = [
  `<img src="https://evil.test/a.png" onerror="alert('img')">`,
  `<script>alert('script')</script><svg onload="alert('svg')"></svg>`,
  `[click me](javascript:alert('link')) <a href="javascript:alert('a')">x</a>`,
  `<style>body{display:none}</style><iframe src="https://evil.test/"></iframe>`,
].join("\n");
const BIDI = "annual\u202Efdp.exe\u2066hidden\u2069";

let stack: Stack;
let browser: TestBrowser;
beforeAll(async () => {
  await buildConsole();
  stack = await startStack({ models: ["echo-1"] });
  browser = await startBrowser();
}, START_MS);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

/** Asks with these messages; the address of the full trace's page, once it is stored. */
async function traceOf(messages: readonly object[]): Promise<string> {
  const { traceName = "", status } = await chat(stack.url, { model: "echo-1", body: { messages, user: MARKUP } });
  expect(status).toBe(200);
  await until(`${traceName} is stored`, async () => (await stack.stored.allIds()).has(traceName));
  return `${stack.url}/traces/${traceName}`;
}

test("markup in a prompt is a text: it draws nothing, runs nothing and asks nobody, in the list and in the trace", async () => {
  const address = await traceOf([
    { role: MARKUP, content: "x" },
    { role: "user", content: MARKUP },
  ]);
  const list = await browser.open(`${stack.url}/traces?columns=name,request,response,user`);
  await list.page.getByText("javascript:alert").first().waitFor();
  const { page, faults } = await browser.open(address);
  const said = page.getByRole("region", { name: "Span gateway/echo-1" });
  await said.getByText("<script>alert('script')</script>").first().waitFor();
  for (const panel of ["Details", "Raw"]) {
    await page.getByRole("button", { name: panel }).click();
    await page.getByRole("heading", { name: panel === "Raw" ? "Request" : "Attributes" }).waitFor();
  }
  for (const shown of [list.page, page]) {
    expect(await shown.locator("img, iframe, script:not([src]), body style, a[href^='javascript']").count()).toBe(0);
  }
  expect([...list.faults, ...faults]).toEqual([]);
});

test("images are drawn where they came with the message; others are told of, and asked of nobody", async () => {
  const png =
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const images = [png, SVG, "https://evil.test/a.png", "javascript:alert(1)"];
  const content = images.map((url) => ({ type: "image_url", image_url: { url } }));
  const { page, faults } = await browser.open(
    await traceOf([{ role: "user", content: [...content, { type: "text", text: "see" }] }]),
  );
  await page.getByText("https://evil.test/a.png").first().waitFor();
  const drawn = page.locator("img");
  expect(await drawn.count()).toBe(1);
  expect(await drawn.getAttribute("src")).toBe(png);
  expect(await page.getByText("An image that is not shown").count()).toBe(3);
  expect(faults).toEqual([]);
});

test("characters that turn or hide a text are told by their codes", async () => {
  const { page } = await browser.open(await traceOf([{ role: "user", content: BIDI }]));
  await page.getByText("U+202E").first().waitFor();
  expect(await page.locator("body").innerText()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
});

test("five megabytes are cut until one asks for all of them, and the page stays usable", async () => {
  const content = `${"line of a very long prompt\n".repeat(200_000)}the very end`;
  const { page, faults } = await browser.open(await traceOf([{ role: "user", content }]));
  const whole = page.getByRole("button", { name: /^Show all 5\.\d MB/ }).first();
  await whole.waitFor();
  expect(await page.getByText("the very end").count()).toBe(0);
  await page.getByRole("button", { name: "Details" }).click();
  await page.getByRole("heading", { name: "Attributes" }).waitFor();
  await page.getByRole("button", { name: "Messages" }).click();
  await whole.click();
  // What is far below is there, and laid out once one scrolls to it.
  await page.getByText("the very end").first().waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Show less" }).first().click();
  expect(await page.getByText("the very end").count()).toBe(0);
  expect(faults).toEqual([]);
});
