import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { until } from "../../tools/until.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { createGatewayClient } from "../callers/gateway-client.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { untilShipped } from "../traces/twins.ts";
import { buildConsole, expectAccessible, startBrowser, type TestBrowser } from "./browser.ts";

const START_MS = 240_000;
// A browser shares the machine with all else that is tested.
vi.setConfig({ testTimeout: 120_000 });

let stack: Stack;
let browser: TestBrowser;
beforeAll(async () => {
  await buildConsole();
  stack = await startStack({ models: ["echo-1", "status-429"] });
  browser = await startBrowser();
}, START_MS);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

/** Calls a model, and waits until the full trace can be read. */
async function callStored(
  model: string,
  content: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { traceName = "" } = await chat(stack.url, { model, content, headers });
  await until(`${traceName} is stored`, async () => (await stack.stored.allIds()).has(traceName));
  return traceName;
}

const rows = (page: Page) => page.locator("tbody tr");

test("a call appears in the list while one looks at it, and waits while one reads in it", async () => {
  await callStored("echo-1", "before anybody looks");
  const { page, faults } = await browser.open(`${stack.url}/traces`);
  await page.getByText("before anybody looks").waitFor();
  await page.getByTitle("New traces appear as they come").waitFor();

  await chat(stack.url, { model: "echo-1", content: "while one looks" });
  await rows(page).first().getByText("while one looks").waitFor();

  // Whoever points at a row is not moved away from it.
  await rows(page).first().hover();
  await chat(stack.url, { model: "echo-1", content: "while one reads" });
  const pill = page.getByRole("button", { name: "1 new" });
  await pill.waitFor();
  expect(await rows(page).first().textContent()).toContain("while one looks");
  await pill.click();
  await rows(page).first().getByText("while one reads").waitFor();
  expect(faults).toEqual([]);
});

test("a list whose stream is cut goes on where it was: what came meanwhile is there without a reload", async () => {
  await callStored("echo-1", "before the cut");
  const { page, faults } = await browser.open(`${stack.url}/traces`);
  await page.getByText("before the cut").waitFor();
  await page.getByTitle("New traces appear as they come").waitFor();

  await stack.ingress.kill();
  await page.getByTitle("The connection broke: it is tried again").waitFor();
  using gateway = createGatewayClient(stack.gatewayAddress);
  const { error } = await gateway.invoke({ model: "echo-1", text: "while nobody could be asked" });
  expect(error).toBeUndefined();
  await untilShipped(stack);
  await stack.ingress.start();
  await page.getByText("while nobody could be asked").waitFor();
  await page.getByTitle("New traces appear as they come").waitFor();
  expect(faults.filter((fault) => !/ERR_|status of 50/.test(fault))).toEqual([]);
});

test("a list that cannot be read says so, and is there by itself once it can be", async () => {
  await callStored("echo-1", "behind a wall");
  await stack.traceWriter.kill();
  const { page } = await browser.open(`${stack.url}/traces`);
  await page.getByRole("alert").getByText("It is asked again every few seconds.").waitFor();
  await expectAccessible(page);
  await stack.traceWriter.start();
  await page.getByText("behind a wall").waitFor();
});

test("a filter is written with what is offered, becomes chips, and can be sent to a colleague", async () => {
  await callStored("echo-1", "this one is well");
  await callStored("status-429", "this one fails");
  const { page, faults } = await browser.open(`${stack.url}/traces`);
  await page.getByText("this one is well").waitFor();

  await page.keyboard.press("/");
  await page.keyboard.type("stat");
  const options = page.getByRole("listbox", { name: "What may be written next" }).getByRole("option");
  await options.getByText("status", { exact: true }).click();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.type("ERR");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove filter status = 'ERROR'", exact: true }).waitFor();
  await page.getByText("this one is well").waitFor({ state: "detached" });
  await page.getByText("this one fails").waitFor();
  await page.getByRole("button", { name: "Duration" }).click();
  await page.getByRole("columnheader", { name: "Duration" }).and(page.locator("[aria-sort=descending]")).waitFor();

  const shared = await browser.open(page.url());
  await shared.page.getByRole("button", { name: "Remove filter status = 'ERROR'", exact: true }).waitFor();
  await shared.page.getByText("this one fails").waitFor();
  expect(await shared.page.getByText("this one is well").count()).toBe(0);
  await shared.page
    .getByRole("columnheader", { name: "Duration" })
    .and(shared.page.locator("[aria-sort=descending]"))
    .waitFor();

  await page.getByRole("button", { name: "Remove filter status = 'ERROR'", exact: true }).click();
  await page.getByText("this one is well").waitFor();
  expect([...faults, ...shared.faults]).toEqual([]);
});

test("a filter that is wrong says where, and what is expected there", async () => {
  const { page } = await browser.open(`${stack.url}/traces?q=${encodeURIComponent("status = 'OK' AND durtion > 5")}`);
  const alert = page.getByRole("alert");
  await alert.getByText('there is no field "durtion"').waitFor();
  expect(await alert.locator("mark").textContent()).toBe("d");
});

test("what is pending is counted, listed as such, and named on its page", async () => {
  const caller = newCaller();
  await callStored("echo-1", "whose agent is silent", { traceparent: caller.traceparent });
  const { page } = await browser.open(`${stack.url}/traces`);
  await page.getByRole("button", { name: /\d+ pending/ }).click();
  await rows(page).first().getByText("pending", { exact: true }).waitFor();
  expect(page.url()).toContain("in=pending");
  await page.getByRole("link", { name: "gateway/echo-1" }).first().click();
  await page.getByText("Pending, in no experiment yet").waitFor();
});

test("a list longer than a page is read on as one scrolls, and only what is seen is drawn", async () => {
  await callStored("echo-1", "at the bottom");
  const calls = Array.from({ length: 130 }, (_, index) =>
    chat(stack.url, { model: "echo-1", content: `call ${index}` }),
  );
  await Promise.all(calls);
  await until("all are stored", async () => (await stack.stored.allIds()).size >= 130);
  const { page } = await browser.open(`${stack.url}/traces?live=off`);
  await rows(page).first().waitFor();
  expect(await rows(page).count()).toBeLessThan(60);
  const list = page.getByRole("region", { name: "List of traces" });
  await until("the bottom is reached", async () => {
    await list.hover();
    await page.mouse.wheel(0, 5000);
    return page.getByText("at the bottom").isVisible();
  });

  // Whoever looked at one comes back to where it stands.
  await page.getByRole("row").filter({ hasText: "at the bottom" }).getByRole("link").click();
  await page.getByRole("heading", { name: "gateway/echo-1", level: 1 }).waitFor();
  await page.keyboard.press("u");
  await page.getByText("at the bottom").waitFor();
});

test.each(["light", "dark"] as const)("the list, its menus and its errors are accessible (%s)", async (colorScheme) => {
  await callStored("status-429", "seen by everybody");
  const { page } = await browser.open(`${stack.url}/traces`, { colorScheme });
  await page.getByText("seen by everybody").first().waitFor();
  await expectAccessible(page);
  for (const menu of ["All experiments", "All time"]) {
    await page.getByRole("button", { name: menu, exact: true }).click();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
  }
  await page.keyboard.press("/");
  await page.getByRole("option").first().waitFor();
  await expectAccessible(page);
  await page.keyboard.type("nonsense = 'x'");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
  await expectAccessible(page);
});
