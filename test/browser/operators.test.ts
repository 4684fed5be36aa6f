import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { buildConsole, expectAccessible, startBrowser, type TestBrowser } from "./browser.ts";

const START_MS = 240_000;

let stack: Stack;
let browser: TestBrowser;
beforeAll(async () => {
  await buildConsole();
  const price = { inputPerMillion: 2.5, outputPerMillion: 10 };
  stack = await startStack({
    models: [],
    providers: { keyed: { apiKey: "${A_KEY_THAT_NOBODY_HAS}" } },
    endpoints: [
      { name: "assistant", models: [{ provider: "scripted", model: "echo-1", price }] },
      {
        name: "resilient",
        models: [{ provider: "scripted", model: "status-503", price }],
        fallbacks: [{ provider: "scripted", model: "echo-1", price }],
        retries: { max: 1, delayMinMs: 1 },
        concurrency: { callsMax: 8 },
      },
      { name: "keyless", models: [{ provider: "keyed", model: "any" }] },
    ],
    traceWriter: {
      retention: { ageDaysMax: 30, everyMs: 50, ceiling: { ageDaysMax: 90 } },
      experiments: [{ name: "console", retention: { tracesMax: 5000 } }],
    },
  });
  browser = await startBrowser();
}, START_MS);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

test("an experiment is created, found and renamed, by keys alone", async () => {
  const { page, faults } = await browser.open(`${stack.url}/experiments`);
  await page.getByRole("table", { name: "Experiments" }).waitFor();
  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog", { name: "New experiment" });
  await dialog.waitFor();
  await page.keyboard.type("evening tests");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });

  await page.keyboard.press("/");
  await page.keyboard.type("EVENING");
  const row = page.getByRole("row", { name: /evening tests/ });
  await row.waitFor();
  expect(await page.getByRole("row").count()).toBe(2);
  expect(await row.textContent()).toContain("30 days");
  expect(new URL(page.url()).searchParams.get("q")).toBe("EVENING");

  await page.getByRole("button", { name: "Rename evening tests" }).focus();
  await page.keyboard.press("Enter");
  const rename = page.getByRole("dialog", { name: "Rename evening tests" });
  await rename.waitFor();
  await rename.getByLabel("Name").fill("evening trials");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "evening trials" }).waitFor();
  expect(faults).toEqual([]);
});

test("a name that is taken is told in the dialog, which stays", async () => {
  const { page } = await browser.open(`${stack.url}/experiments`);
  await page.getByRole("button", { name: "New experiment" }).click();
  const dialog = page.getByRole("dialog", { name: "New experiment" });
  await dialog.getByLabel("Name").fill("Default");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByRole("alert").waitFor();
  expect(await dialog.getByRole("alert").textContent()).toContain("There is an experiment of that name.");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});

test("how much of an experiment is kept is set by keys alone, after being told what that deletes", async () => {
  for (let call = 0; call < 3; call += 1) await ask("assistant");
  await until("they are stored", async () => (await stack.stored.inExperiment("gateway/assistant")).length >= 3);
  const { page, faults } = await browser.open(`${stack.url}/experiments?q=gateway/assistant`);
  const row = page.getByRole("row", { name: /gateway\/assistant/ });
  await row.getByText("30 days").waitFor();
  const open = page.getByRole("button", { name: "What is kept of gateway/assistant" });
  await open.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "What is kept of gateway/assistant" });
  await dialog.getByText("As configured: 30 days").waitFor();
  await expectAccessible(page);
  await page.keyboard.press("ArrowDown");
  const traces = dialog.getByLabel("Number of traces");
  await traces.focus();
  await page.keyboard.type("some");
  await dialog.getByText("Write from 1 to").waitFor();
  const keep = dialog.getByRole("button", { name: "Keep that" });
  expect(await keep.isDisabled()).toBe(true);
  await traces.fill("1");
  await dialog.getByText(/This deletes, for good: the \d+ oldest traces of \d+\./).waitFor();
  expect(await dialog.textContent()).toContain("no more is kept than 90 days");
  expect(await keep.isDisabled()).toBe(true);
  await dialog.getByLabel("Delete them").press("Space");
  await expectAccessible(page);
  await traces.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await row.getByText("30 days, 1 trace").waitFor();
  expect(await row.textContent()).toContain("own");
  await until(
    "all but one are deleted",
    async () => (await stack.stored.inExperiment("gateway/assistant")).length === 1,
  );

  await open.press("Enter");
  await dialog.getByLabel("As configured: 30 days").check();
  await dialog.getByText("Nothing is beyond that now.").waitFor();
  await keep.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await row.getByText("30 days", { exact: true }).waitFor();
  expect(faults).toEqual([]);
});

test("an endpoint is tried: the answer comes, and leads to both twins side by side", async () => {
  const { page, faults } = await browser.open(`${stack.url}/endpoints?name=resilient`);
  const form = page.getByRole("region", { name: "Try it" });
  await form.getByLabel("Message").fill("one two three");
  await form.getByRole("button", { name: "Send" }).click();
  await form.getByText("one two three", { exact: true }).last().waitFor();
  await form.getByText("200").waitFor();
  await form.getByRole("link", { name: "Both twins" }).click();
  await page.waitForURL(/\/traces\/tr-[0-9a-f]{32}\?beside=tr-[0-9a-f]{32}$/);
  await page.getByText("try resilient").first().waitFor();
  await page
    .getByText(/gateway\/resilient/)
    .first()
    .waitFor();
  expect(faults).toEqual([]);

  const own = /tr-[0-9a-f]{32}/.exec(page.url())?.[0] ?? "";
  const { info } = await stack.stored.get(own);
  expect(await stack.stored.experimentName(info?.experimentId ?? "")).toBe("console");
});

test.each(["Anthropic", "Responses", "Gemini"])(
  "an endpoint is tried in the format %s, whole as well",
  async (format) => {
    const { page, faults } = await browser.open(`${stack.url}/endpoints?name=assistant`);
    const form = page.getByRole("region", { name: "Try it" });
    await form.getByRole("button", { name: format }).click();
    await form.getByLabel("Stream").uncheck();
    await form.getByLabel("Message").fill(`said in ${format}`);
    await form.getByLabel("Message").press("Control+Enter");
    await form.getByText(`said in ${format}`, { exact: true }).last().waitFor();
    await form.getByRole("link", { name: "Full trace" }).waitFor();
    expect(faults).toEqual([]);
  },
);

test("an endpoint shows what it is made of, how it does, and what it lacks", async () => {
  const { page } = await browser.open(`${stack.url}/endpoints?name=resilient`);
  const form = page.getByRole("region", { name: "Try it" });
  await form.getByRole("button", { name: "Send" }).click();
  await form.getByRole("link", { name: "Both twins" }).waitFor();
  const models = page.getByRole("table", { name: "Models" });
  await models.getByText(/provider_unavailable \d/).waitFor();
  const [failing, fallback] = [models.getByRole("row").nth(1), models.getByRole("row").nth(2)];
  expect(await failing.textContent()).toContain("100 %");
  expect(await fallback.textContent()).toMatch(/echo-1.*fallback 1.*\$2\.50 \/ \$10\.00/);
  expect(await page.getByText("up to 1", { exact: true }).count()).toBe(1);

  await page.locator("#view").focus();
  await page.keyboard.press("k");
  await page.getByRole("heading", { name: "keyless" }).waitFor();
  const article = page.getByRole("article", { name: "keyless" });
  expect(await article.textContent()).toContain("needs A_KEY_THAT_NOBODY_HAS");
});

test("a call that is refused says why, in the server's words", async () => {
  const { page } = await browser.open(`${stack.url}/endpoints?name=keyless`);
  const form = page.getByRole("region", { name: "Try it" });
  await form.getByRole("button", { name: "Send" }).click();
  await form.getByText("503").waitFor();
  await form.getByText(/needs A_KEY_THAT_NOBODY_HAS/).waitFor();
});

test("the setup has the guides with this server's address and an endpoint of its own", async () => {
  const { page, faults } = await browser.open(`${stack.url}/setup?for=curl`);
  await page.getByLabel("Endpoint").selectOption("resilient");
  await page.getByText(`${stack.url}/v1/chat/completions`).first().waitFor();
  const command = page.getByRole("region", { name: "command" }).first();
  expect(await command.textContent()).toContain('"model":"resilient"');
  expect(await page.locator("#view").textContent()).not.toContain("127.0.0.1:8080");
  await page.getByRole("link", { name: "OpenAI JavaScript, Python" }).click();
  await page.getByText("agent-openai.mjs").first().waitFor();
  expect(new URL(page.url()).searchParams.get("endpoint")).toBe("resilient");
  expect(faults).toEqual([]);
});

async function ask(model: string): Promise<void> {
  const answer = await fetch(`${stack.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "one two three" }] }),
  });
  await answer.text();
}

const SHOWN = [
  ["/experiments", "table", "Experiments"],
  ["/endpoints", "table", "Models"],
  ["/setup?for=mlflow", "heading", "MLflow"],
] as const;

test.each(["light", "dark"] as const)("axe finds nothing in these views, in the %s theme", async (colorScheme) => {
  for (const [address, role, name] of SHOWN) {
    const { page, faults } = await browser.open(stack.url + address, { colorScheme });
    await page.getByRole(role, { name, exact: true }).waitFor();
    await expectAccessible(page);
    expect(faults, address).toEqual([]);
  }
});
