import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseConfig } from "#lib/config/load.ts";

const GUIDE = readFileSync("docs/guides/forwarding.md", "utf8");
const ENVIRONMENT = { PHOENIX_API_KEY: "key", LANGFUSE_AUTH: "cGs6c2s=" };

test("every configuration in docs/guides/forwarding.md is one, and forwards to what it names", () => {
  const blocks = [...GUIDE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  expect(blocks.length).toBeGreaterThanOrEqual(8);
  for (const block of blocks) {
    const { destinations, mirrors, experiments } = parseConfig(block, "forwarding.md", ENVIRONMENT).traceWriter;
    const used = [...mirrors.forwardTo, ...experiments.flatMap(({ forwardTo }) => forwardTo)];
    expect(new Set(used)).toEqual(new Set(Object.keys(destinations)));
  }
});
