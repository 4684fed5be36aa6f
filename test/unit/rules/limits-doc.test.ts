import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configurationDoc } from "../../../scripts/configuration-doc.ts";

const PAGE = readFileSync("docs/limits.md", "utf8");
/** What services take: every setting under these has its row. */
const SERVICES = /^(ingress|gateway|traceWriter)\.limits\./;

/** The settings of the configuration, and their defaults as they are written there. */
const DEFAULTS = new Map(
  Array.from(configurationDoc().matchAll(/^\| `(\S+)` \| `?([^|`]+?)`? \|/gm), ([, name = "", text = ""]) => [
    name,
    text,
  ]),
);
/** The rows of the page: setting, default, and all of the row. */
const ROWS = Array.from(
  PAGE.matchAll(/^\| `([a-z][\w.[\]<>]+)` \| ([\d,]+) .* \|$/gm),
  ([row, name = "", text = ""]) => {
    return { row, name, text: text.replaceAll(",", "") };
  },
);

test("docs/limits.md has every limit of a service once, with its default", () => {
  const expected = [...DEFAULTS].filter(([name]) => SERVICES.test(name));
  expect(expected.length).toBeGreaterThan(25);
  const told = ROWS.filter(({ name }) => SERVICES.test(name)).map(({ name, text }) => [name, text]);
  expect(told.sort()).toEqual(expected.sort());
  for (const { name, text } of ROWS) expect([name, text]).toEqual([name, DEFAULTS.get(name)]);
});

test("every metric that docs/limits.md names is one of the services'", () => {
  const sources = globSync("{lib,services}/**/*.ts").map((file) => readFileSync(file, "utf8"));
  const known = new Set(
    sources.flatMap((source) =>
      Array.from(source.matchAll(/"(?:twinspan_)?([a-z]+(?:_[a-z]+)+)"/g), ([, name]) => name),
    ),
  );
  const named = Array.from(PAGE.matchAll(/`twinspan_([a-z_]+)/g), ([, name]) => name);
  expect(named.length).toBeGreaterThan(15);
  for (const name of named) expect(known).toContain(name);
});
