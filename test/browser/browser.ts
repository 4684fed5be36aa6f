import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import AxeBuilder from "@axe-core/playwright";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, onTestFailed } from "vitest";
import { debianProgram } from "../../tools/packages/debian-package.ts";

const run = promisify(execFile);
/** One build at a time: test files run beside one another. */
const BUILD_LOCK = join(tmpdir(), "twinspan-console.lock");
const BUILD_MS = 180_000;
/** How long a page may take to show what it is to show. */
const SHOWN_MS = 30_000;
/** What is told of a page whose test has failed: so many characters, read for so long. */
const TOLD_CHARACTERS = 3_000;
const TOLD_MS = 5_000;

/** A real Chromium without a window. Disposing of it closes it. */
export interface TestBrowser extends AsyncDisposable {
  /** A page of somebody who has not been here before, at an address. */
  open(address: string, options?: BrowserContextOptions): Promise<TestPage>;
}

/** A page, and what should never be. */
export interface TestPage {
  readonly page: Page;
  /** What the page complained of, and whatever it asked of anybody but its own server. */
  readonly faults: readonly string[];
}

/** Builds the console where its sources have changed. Whoever serves it must be started afterwards. */
export async function buildConsole(): Promise<void> {
  await run("flock", [BUILD_LOCK, "make", "--silent", "console"], { timeout: BUILD_MS });
}

/** Starts Debian's Chromium. */
export async function startBrowser(): Promise<TestBrowser> {
  const executablePath = await debianProgram("chromium", "chromium");
  // As root it has no sandbox of its own; it opens pages of this repository only.
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  return {
    async open(address, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1360, height: 820 }, ...options });
      context.setDefaultTimeout(SHOWN_MS);
      const page = await context.newPage();
      const faults = watchFaults(page, new URL(address).origin);
      if (process.env["VITEST"] !== undefined) onTestFailed(() => tellOf(page, faults));
      await page.goto(address);
      return { page, faults };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Fails when axe finds something in the page that keeps people from using it. */
export async function expectAccessible(page: Page): Promise<void> {
  // What fades in is judged as it will be.
  await page.emulateMedia({ reducedMotion: "reduce" });
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"])
    .analyze();
  const found = violations.map(({ id, impact, nodes }) => ({
    id,
    impact,
    where: nodes.map(({ html }) => html.slice(0, 160)),
  }));
  expect(found).toEqual([]);
}

/** Says what a page shows, and what went wrong in it, when the test that opened it has failed. */
async function tellOf(page: Page, faults: readonly string[]): Promise<void> {
  if (page.isClosed()) return;
  const shown = await page.locator("body").innerText({ timeout: TOLD_MS });
  process.stderr.write(`${page.url()} shows:\n${shown.slice(0, TOLD_CHARACTERS)}\nfaults: ${JSON.stringify(faults)}\n`);
}

function watchFaults(page: Page, origin: string): readonly string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) faults.push(`request: ${url}`);
  });
  return faults;
}
