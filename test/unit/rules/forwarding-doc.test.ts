import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseConfig } from "#lib/config/load.ts";

const GUIDE = readFileSync("docs/guides/forwarding.md", "utf8");
const ENVIRONMENT = { PHOENIX_API_KEY: "key", LANGFUSE_AUTH: "cGs6c2s=" };

test("every configuration in docs/guides/forwarding.md is one, and forwards to what it names", () => {
  const blocks = [...GUIDE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = ""]) => withHashes(text));
  expect(blocks.length).toBeGreaterThanOrEqual(9);
  for (const block of blocks) {
    const { auth, traceWriter, workspaces } = parseConfig(block, "forwarding.md", ENVIRONMENT);
    const { destinations, mirrors, experiments } = traceWriter;
    const keys = typeof auth === "object" ? auth.keys : [];
    const mirrored = [{ mirrors }, ...workspaces, ...keys].flatMap((each) => each.mirrors.forwardTo);
    const used = [...mirrored, ...experiments.flatMap(({ forwardTo }) => forwardTo)];
    expect(new Set(used)).toEqual(new Set(Object.keys(destinations)));
  }
});

/** The hashes that the guide leaves out: each another. */
function withHashes(text: string): string {
  let made = 0;
  return text.replaceAll("sha256:…", () => `sha256:${(made++).toString(16).padStart(64, "0")}`);
}
