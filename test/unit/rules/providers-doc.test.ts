import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROVIDER_KINDS, provider } from "#lib/config/sections/provider.ts";
import { baseUrlOf, keyHeaderOf } from "../../../services/gateway/providers/kinds.ts";
import { PACKAGES } from "../../../services/gateway/translation/packages.ts";

const REGIONAL = ["amazon-bedrock", "google-vertex"];

test("docs/providers.md says of every kind what the code does", () => {
  const rows = [...readFileSync("docs/providers.md", "utf8").matchAll(/^\| `([a-z-]+)` \|(.+)\|$/gm)].map(
    ([, kind, cells = ""]) => [kind, ...cells.split("|").map((cell) => cell.trim())],
  );
  expect(rows.map(([kind]) => kind)).toEqual([...PROVIDER_KINDS]);
  for (const [index, kind] of PROVIDER_KINDS.entries()) {
    const [, , key = "", baseUrl = "", over = ""] = rows[index] ?? [];
    const options = provider.parse({ kind });
    const { name, prefix } = keyHeaderOf(options);
    expect(key, kind).toContain(`\`${name}${prefix === "" ? "" : `: ${prefix.trim()}`}\``);
    expect(over, kind).toBe(PACKAGES[kind].install === undefined ? "built in" : `\`${PACKAGES[kind].install}\``);
    if (REGIONAL.includes(kind)) continue;
    expect(baseUrl, kind).toBe(baseUrlOf(options) === undefined ? "must be set" : `\`${baseUrlOf(options)}\``);
  }
});
