import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { messageJsonOf } from "#lib/traces/message-json.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { buildConsole, expectAccessible, startBrowser, type TestBrowser } from "./browser.ts";

const run = promisify(execFile);
const START_MS = 240_000;
// A browser shares the machine with all else that is tested.
vi.setConfig({ testTimeout: 120_000 });

let stack: Stack;
let browser: TestBrowser;
beforeAll(async () => {
  await buildConsole();
  stack = await startStack({
    models: ["echo-1"],
    endpoints: [
      {
        name: "demo",
        models: [{ provider: "scripted", model: "status-503" }],
        fallbacks: [{ provider: "scripted", model: "echo-1", price: { inputPerMillion: 1, outputPerMillion: 2 } }],
      },
    ],
  });
  browser = await startBrowser();
}, START_MS);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

/** Lets the example agent ask a question. Its trace is stored when it ends. */
async function agentAsks(question: string): Promise<void> {
  const env = { ...process.env, TWINSPAN_URL: stack.url, TWINSPAN_ENDPOINT: "demo" };
  await run(process.execPath, ["examples/agent/main.ts", question], { env });
}

test("a person finds the agent's trace, goes from the mirror to the full trace and back, and lays both side by side", async () => {
  await agentAsks("What is a twin span?");
  const { page, faults } = await browser.open(`${stack.url}/traces`);

  // The list has both: the agent's trace, and the full trace of its call.
  await page.getByRole("link", { name: "answer a question" }).click();
  await page.getByRole("heading", { name: "answer a question", level: 1 }).waitFor();
  const spans = page.getByRole("list", { name: /^Spans of the agent’s trace/ });
  expect(await spans.getByRole("listitem").count()).toBe(6);

  // The mirror says where its words are, and leads there.
  await spans.getByRole("button", { name: /^gateway\/demo.*mirror/ }).click();
  const mirror = page.getByRole("region", { name: "Span gateway/demo" });
  await mirror.getByText("Recorded elsewhere").waitFor();
  expect(await mirror.textContent()).not.toContain("What is a twin span?");
  const mirrorAddress = page.url();
  await mirror.getByRole("link", { name: /Open the full trace/ }).click();

  // There they are: what was asked, what was answered, and the attempt that failed with the provider's words.
  const full = page.getByRole("region", { name: "Span gateway/demo" });
  await full.getByText("What is a twin span?").first().waitFor();
  await full.getByRole("heading", { name: "assistant" }).waitFor();
  const fullSpans = page.getByRole("list", { name: /^Spans of the full trace/ });
  await fullSpans.getByRole("button", { name: /model\/scripted\/status-503.*provider_unavailable/ }).click();
  await page.getByText("The script answers 503.").first().waitFor();

  const fullAddress = page.url();

  // Back by one click, to the mirror that it was.
  await fullSpans.getByRole("link", { name: "Open the mirror in the agent’s trace of gateway/demo" }).click();
  await page.getByText("Recorded elsewhere").waitFor();
  expect(page.url()).toBe(mirrorAddress);

  // Both on one axis: the bars of the twins stand at the same places.
  await page.getByRole("button", { name: "Side by side" }).click();
  const bar = (list: string | RegExp, name: string) =>
    page
      .getByRole("list", { name: list })
      .getByTitle(new RegExp(`^${name} ·`))
      .boundingBox();
  await page.getByRole("list", { name: /^Spans of the full trace/ }).waitFor();
  for (const name of ["gateway/demo", "model/scripted/echo-1"]) {
    const [one, other] = [await bar(/agent/, name), await bar(/full/, name)];
    expect(one?.x).toBeCloseTo(other?.x ?? 0, 1);
    expect(one?.width).toBeCloseTo(other?.width ?? 0, 1);
  }
  expect(page.url()).toContain("beside=tr-");

  // A mirror that has its full trace beside it is shown with the words from there.
  await page.goto(`${mirrorAddress}&beside=${/tr-[0-9a-f]{32}/.exec(fullAddress)?.[0]}`);
  await mirror.getByRole("heading", { name: "Request, in the full trace" }).waitFor();
  await mirror.getByText("What is a twin span?").first().waitFor();
  expect(faults).toEqual([]);
});

test("spans are collapsed and expanded, by a click and by keys, and say how many are below", async () => {
  await agentAsks("What is below?");
  const { page, faults } = await browser.open(`${stack.url}/traces`);
  await page.getByRole("link", { name: "answer a question" }).first().click();
  const spans = page.getByRole("list", { name: /^Spans of/ }).getByRole("listitem");
  await spans.nth(5).waitFor();
  await page.getByRole("button", { name: /^Collapse gateway\/demo/ }).click();
  await page.getByRole("button", { name: "Expand gateway/demo" }).waitFor();
  expect(await spans.count()).toBe(4);
  expect(await spans.filter({ hasText: "gateway/demo" }).textContent()).toContain("2");
  // The root is chosen: all that is left goes with it.
  await page.keyboard.press("x");
  await page.getByRole("button", { name: "Expand answer a question" }).waitFor();
  expect(await spans.count()).toBe(1);
  await page.keyboard.press("x");
  await page.getByRole("button", { name: "Expand gateway/demo" }).click();
  await spans.nth(5).waitFor();
  expect(faults).toEqual([]);
});

test("a trace is exported as JSON, as the command line prints it", async () => {
  await agentAsks("What is in the file?");
  const { page, faults } = await browser.open(`${stack.url}/traces`);
  await page.getByRole("link", { name: "gateway/demo" }).first().click();
  await page.getByText("What is in the file?").first().waitFor();
  const traceId = /tr-[0-9a-f]{32}/.exec(page.url())?.[0] ?? "";
  await page.getByRole("button", { name: "More" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export as JSON" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`${traceId}.json`);
  expect(await readFile(await download.path(), "utf8")).toBe(messageJsonOf(await stack.stored.get(traceId)));
  expect(faults).toEqual([]);
});

test("keys lead through a trace: to its spans, to the twin, and side by side", async () => {
  await agentAsks("Which keys are there?");
  const { page } = await browser.open(`${stack.url}/traces`);
  await page.getByRole("link", { name: "answer a question" }).first().waitFor();
  // The newest is the full trace; the agent's began before its call.
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.locator("tr[aria-current]", { hasText: "answer a question" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("list", { name: /^Spans of/ }).waitFor();
  await page.keyboard.press("j");
  await page.locator("[aria-current=true]", { hasText: "chat" }).waitFor();
  await page.keyboard.press("b");
  await page.getByRole("list", { name: /^Spans of the full trace/ }).waitFor();
  await page.keyboard.press("b");
  await page.keyboard.press("t");
  await page.getByRole("heading", { name: "gateway/demo", level: 1 }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Shortcuts" }).getByText("Go to the other twin").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("u");
  await page.getByRole("heading", { name: "Traces" }).waitFor();
});

test("tags are set and removed, and a trace is deleted once that is confirmed", async () => {
  await agentAsks("Who tags me?");
  const { page, faults } = await browser.open(`${stack.url}/traces`);
  await page.getByRole("link", { name: "answer a question" }).first().click();
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByLabel("Key").fill("team");
  await page.getByLabel("Value").fill("search");
  await page.getByRole("button", { name: "Set" }).click();
  await page.getByRole("button", { name: "Remove team" }).waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByTitle("team: search").waitFor();

  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Delete …" }).click();
  const traceId = /tr-[0-9a-f]{32}/.exec(page.url())?.[0] ?? "";
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("heading", { name: "Traces" }).waitFor();
  await page.goto(`${stack.url}/traces/${traceId}`);
  await page.getByRole("heading", { name: "Not here" }).waitFor();
  expect(faults.filter((fault) => !fault.includes("404"))).toEqual([]);
});

test.each(["light", "dark"] as const)("a trace, its panels and its twin are accessible (%s)", async (colorScheme) => {
  await agentAsks("Can everybody read this?");
  const { page } = await browser.open(`${stack.url}/traces`, { colorScheme });
  await page.getByRole("link", { name: "gateway/demo" }).first().click();
  await page.getByText("Can everybody read this?").first().waitFor();
  await expectAccessible(page);
  for (const panel of ["Details", "Raw"]) {
    await page.getByRole("button", { name: panel }).click();
    await expectAccessible(page);
  }
  await page.getByRole("button", { name: "Side by side" }).click();
  await page.getByRole("list", { name: /^Spans of the agent/ }).waitFor();
  await page.getByRole("button", { name: /^gateway\/demo.*mirror/ }).click();
  await expectAccessible(page);
});
