import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { buildConsole, expectAccessible, startBrowser, type TestBrowser } from "./browser.ts";

const START_MS = 240_000;
const CALLS = 60;

let stack: Stack;
let browser: TestBrowser;
/** Up to this moment all went well; after it one provider failed. In milliseconds since 1970. */
let turnMs = 0;
/** The range after it: as long as what was before. */
let range = "";

beforeAll(async () => {
  await buildConsole();
  const price = { inputPerMillion: 100, outputPerMillion: 100 };
  stack = await startStack({
    models: [],
    providers: { steady: {}, shaky: {} },
    endpoints: [
      { name: "mail", models: [{ provider: "steady", model: "echo-1", price }] },
      { name: "shop", models: [{ provider: "shaky", model: "echo-1", price }] },
      { name: "shop-later", models: [{ provider: "shaky", model: "status-503" }] },
    ],
  });
  browser = await startBrowser();
  const startMs = Date.now();
  await Promise.all([call("mail"), call("shop")]);
  turnMs = Date.now();
  await Promise.all([call("mail"), call("shop-later")]);
  const toMs = Math.max(Date.now(), turnMs + (turnMs - startMs)) + 10_000;
  range = `${new Date(turnMs).toISOString()}~${new Date(toMs).toISOString()}`;
  await until("all calls are stored", async () => (await storedCount()) === 4 * CALLS);
}, START_MS);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

async function call(model: string): Promise<void> {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "one two three" }] });
  const init = {
    method: "POST",
    body,
    headers: { "content-type": "application/json", "user-agent": `${model}-team/1` },
  };
  const answers = Array.from({ length: CALLS }, async () => {
    const answer = await fetch(`${stack.url}/v1/chat/completions`, init);
    await answer.text();
  });
  await Promise.all(answers);
}

async function storedCount(): Promise<number> {
  const response = await fetch(`${stack.url}/twinspan.trace.v1.ExperimentService/ListExperiments`, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  const { experiments } = Object(await response.json());
  return experiments.reduce((sum: number, { traceCount = "0" }) => sum + Number(traceCount), 0);
}

test("a provider that fails is what changed first, and leads to the traces that failed there", async () => {
  const { page, faults } = await browser.open(`${stack.url}/?t=${range}`);
  const movers = page.getByRole("region", { name: "What changed" });
  const first = movers.getByRole("listitem").first();
  await first.getByText("shaky").waitFor();
  const words = await first.textContent();
  expect(words).toContain("provider");
  expect(words).toMatch(/Error rate 0 % → 100 %/);
  expect(words).toContain(`${CALLS} more failed than before`);

  const errors = page.getByRole("region", { name: "Error rate" });
  expect(await errors.textContent()).toContain("50 %");

  await first.getByRole("link").click();
  await page.waitForURL(/\/traces\?/);
  const query = new URL(page.url()).searchParams;
  expect(query.get("q")).toBe("provider = 'shaky' AND span.status = 'ERROR'");
  expect(query.get("t")).toBe(range);
  await page.getByRole("link", { name: "gateway/shop-later" }).first().waitFor();
  await page.goBack();
  await movers.waitFor();
  expect(faults).toEqual([]);
});

test("figures are told apart by what one chooses, by mouse or by keys, and the address says so", async () => {
  const { page, faults } = await browser.open(`${stack.url}/?t=${range}`);
  const table = page.getByRole("table", { name: "Totals by endpoint" });
  await table.waitFor();
  expect(await table.getByRole("row").count()).toBe(3);
  expect(await table.getByRole("row", { name: /shop-later/ }).textContent()).toContain("100 %");

  await page.getByRole("button", { name: "Provider" }).click();
  const providers = page.getByRole("table", { name: "Totals by provider" });
  await providers.waitFor();
  expect(await providers.getByRole("row", { name: /steady/ }).textContent()).toContain(`${CALLS}`);
  expect(new URL(page.url()).searchParams.get("by")).toBe("provider");

  await page.keyboard.press("4");
  await page.getByRole("table", { name: "Totals by caller" }).getByRole("link", { name: "mail-team" }).waitFor();
  await page.keyboard.press("c");
  await page.getByRole("region", { name: "What changed" }).waitFor({ state: "detached" });
  expect(new URL(page.url()).searchParams.get("compare")).toBe("off");

  // What was before is asked for only where it is shown.
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/GetTotals")) asked += 1;
  });
  await page.reload();
  await page.getByRole("table", { name: "Totals by caller" }).waitFor();
  expect(asked).toBe(4);
  expect(faults).toEqual([]);
});

test("who does not see charts gets the same figures in tables", async () => {
  const { page } = await browser.open(`${stack.url}/?t=${range}`);
  await page.getByRole("img", { name: /^Requests over time: 120 in all/ }).waitFor();
  await page.keyboard.press("v");
  const table = page.getByRole("table", { name: "Requests over time" });
  await table.waitFor();
  const [, ...rows] = await table.getByRole("row").all();
  let requests = 0;
  for (const row of rows) {
    const [mail = "", shop = ""] = await row.getByRole("cell").allTextContents();
    requests += [mail, shop].reduce((sum, figure) => sum + (Number(figure) || 0), 0);
  }
  expect(requests).toBe(2 * CALLS);
});

test("a part of the time that is dragged over is looked at closer, and the way back is the browser's", async () => {
  const { page } = await browser.open(`${stack.url}/?t=${range}`);
  const chart = page.getByRole("img", { name: /^Tokens over time/ });
  const box = await chart.boundingBox();
  if (box === null) throw new Error("the chart is not drawn");
  const y = box.y + 60;
  await page.mouse.move(box.x + 80, y);
  await page.mouse.down();
  await page.mouse.move(box.x + 140, y, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL((url) => url.searchParams.get("t") !== range);
  const [from = "", to = ""] = (new URL(page.url()).searchParams.get("t") ?? "").split("~");
  const [wholeFrom = "", wholeTo = ""] = range.split("~");
  expect(Date.parse(from)).toBeGreaterThanOrEqual(Date.parse(wholeFrom));
  expect(Date.parse(to)).toBeLessThan(Date.parse(wholeTo));
  await page.goBack();
  await page.waitForURL((url) => url.searchParams.get("t") === range);
});

test("where nothing was called before, it says so, rather than that everything has changed", async () => {
  const { page } = await browser.open(`${stack.url}/?t=7d`);
  await page.getByRole("region", { name: "What changed" }).getByText("These are the first calls").waitFor();
});

test("on a phone no table makes the page wider than the screen", async () => {
  const { page } = await browser.open(`${stack.url}/experiments`);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("link", { name: "gateway/shop-later" }).waitFor();
  const widths = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]");
  expect(widths).toEqual([390, 390]);
});

test("where nothing was called, the page says what to do", async () => {
  const { page } = await browser.open(`${stack.url}/?t=2020-01-01T00:00:00.000Z~2020-01-02T00:00:00.000Z`);
  await page.getByRole("heading", { name: "No calls in this time" }).waitFor();
});

test.each(["light", "dark"] as const)("axe finds nothing in the overview, in the %s theme", async (colorScheme) => {
  const { page } = await browser.open(`${stack.url}/?t=${range}`, { colorScheme });
  await page.getByRole("region", { name: "What changed" }).getByRole("listitem").first().waitFor();
  await expectAccessible(page);
  await page.keyboard.press("v");
  await page.getByRole("table", { name: "Cost over time" }).waitFor();
  await expectAccessible(page);
});
