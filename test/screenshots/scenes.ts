import type { Page } from "playwright-core";

/** What is shown of the console. */
export interface Scene {
  /** The image's name, before the theme's. */
  readonly name: string;
  readonly address: string;
  /** Resolves when the page shows what it is to show. */
  readonly ready: (page: Page) => Promise<unknown>;
}

/** Traces that are worth a look, `tr-…`. */
export interface ShownTraces {
  /** An agent's, and the full trace of one of its calls. */
  readonly agent: string;
  readonly full: string;
}

/** Every view, in the order of the navigation. */
export function scenesOf({ agent, full }: ShownTraces): readonly Scene[] {
  return [
    {
      name: "overview",
      address: "/",
      ready: (page) => page.getByRole("region", { name: "What changed" }).getByRole("listitem").first().waitFor(),
    },
    {
      name: "experiments",
      address: "/experiments",
      ready: (page) => page.getByRole("row", { name: /support-agent.*%/ }).waitFor(),
    },
    {
      name: "traces",
      address: `/traces?q=${encodeURIComponent("duration > 2000")}`,
      ready: (page) =>
        page
          .getByRole("link", { name: /^gateway\// })
          .first()
          .waitFor(),
    },
    {
      name: "trace",
      address: `/traces/${full}`,
      async ready(page) {
        await page.getByRole("heading", { name: "assistant" }).waitFor();
        await page
          .getByRole("link", { name: /^gateway\// })
          .first()
          .waitFor();
      },
    },
    {
      name: "twins",
      address: `/traces/${agent}?beside=${full}`,
      ready: (page) => page.getByRole("list", { name: /^Spans of the full trace/ }).waitFor(),
    },
    {
      name: "endpoints",
      address: "/endpoints?name=routing",
      async ready(page) {
        const form = page.getByRole("region", { name: "Try it" });
        await form.getByLabel("Message").fill("Which team should answer a question about an invoice?");
        await form.getByRole("button", { name: "Send" }).click();
        await form.getByRole("link", { name: "Both twins" }).waitFor();
        await page.getByText(/^Cost, /).waitFor();
      },
    },
    {
      name: "setup",
      address: "/setup?for=openai",
      ready: (page) => page.getByText("agent-openai.mjs").first().waitFor(),
    },
  ];
}
