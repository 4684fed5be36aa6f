import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ALERTS, DASHBOARD, EXPRESSIONS } from "../../deploy/dashboards.ts";

/** What each metric of docs/metrics.md has as labels, by the names that queries have for it. */
const LABELS = new Map(
  Array.from(
    readFileSync("docs/metrics.md", "utf8").matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \| \w/gm),
    ([, name = "", type, labels = ""]) => {
      const known = new Set(["job", "instance", ...Array.from(labels.matchAll(/`(\w+)`/g), ([, label]) => label)]);
      const names = type === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name];
      return names.map((series) => [series, type === "histogram" ? known.add("le") : known] as const);
    },
  ).flat(),
);
/** What Prometheus itself has, and prom-client of every process. */
const OTHERS = /^(up|ALERTS|process_(cpu_seconds_total|resident_memory_bytes|start_time_seconds))$/;
const FUNCTIONS =
  /^(sum|max|count|by|rate|increase|changes|histogram_quantile|min_over_time|time|unless|offset|or|le)$/;

test("every metric that the dashboard and the alerts name is one of the services', with the labels they ask it for", () => {
  for (const expression of EXPRESSIONS) {
    const bare = expression.replaceAll(/"[^"]*"/g, '""');
    const grouped = Array.from(bare.matchAll(/by \(([^)]*)\)/g), ([, names = ""]) => names.split(/, */)).flat();
    const words = bare.replaceAll(/by \([^)]*\)|\{[^}]*\}|\[[^\]]*\]/g, "").match(/[A-Za-z_][A-Za-z_0-9]*/g) ?? [];
    const series = words.filter((word) => !FUNCTIONS.test(word) && !OTHERS.test(word) && !/^[dhms]$/.test(word));
    for (const name of series) {
      const labels = LABELS.get(name);
      if (labels === undefined) throw new Error(`${name} is in no table of docs/metrics.md: ${expression}`);
      for (const label of grouped) expect(labels, expression).toContain(label);
    }
    for (const [, name = "", matchers = ""] of bare.matchAll(/(\w+)\{([^}]*)\}/g)) {
      if (OTHERS.test(name)) continue;
      for (const [, label] of matchers.matchAll(/(\w+)(?:=~|!=|!~|=)/g))
        expect(LABELS.get(name), expression).toContain(label);
    }
  }
});

test("every metric that the chart may scale by, or that the runbook and the page for operators name, is one of them too", () => {
  const files = [...globSync("deploy/helm/twinspan/{values,ci/*}.yaml"), "docs/operations.md", "docs/deploying.md"];
  const named = files.flatMap((file) => readFileSync(file, "utf8").match(/\btwinspan_[a-z_]+[a-z]/g) ?? []);
  expect(named.length).toBeGreaterThan(40);
  const known = new Set(Array.from(LABELS.keys(), (name) => name.replace(/_(bucket|sum|count)$/, "")));
  expect(named.filter((name) => !known.has(name) && !/^twinspan_(exchange|workspace|roles)$/.test(name))).toEqual([]);
});

test("the runbook in docs/operations.md has a part for every alert, in no doubt where, and for no other", () => {
  const parts = Array.from(
    readFileSync("docs/operations.md", "utf8").matchAll(
      /^### (Twinspan\w+)\n\n- \*\*Means\*\*: .+?\n- \*\*Look\*\*: .+?\n- \*\*Do\*\*: /gms,
    ),
    ([, name]) => name,
  );
  expect(parts.sort()).toEqual(ALERTS.map(({ alert }) => alert).sort());
  for (const { alert, annotations } of ALERTS) {
    expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  }
});

test("every alert is tested both ways: that it says its part, and that it is silent", () => {
  const tests = readFileSync("deploy/prometheus/alerts.test.yaml", "utf8");
  const tried = Array.from(tests.matchAll(/alertname="(\w+)"}', value: 1/g), ([, name]) => name);
  expect(tried.sort()).toEqual(ALERTS.map(({ alert }) => alert).sort());
});

test("panels of the dashboard say what they show, and lie beside each other", () => {
  const taken = new Set<string>();
  for (const { id, type, description, gridPos, targets } of DASHBOARD.panels) {
    if (type === "timeseries") expect([id, description !== undefined, targets.length > 0]).toEqual([id, true, true]);
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x},${y}`), `panel ${id} lies on another`).toBe(false);
        taken.add(`${x},${y}`);
      }
    }
  }
  expect(new Set(DASHBOARD.panels.map(({ id }) => id)).size).toBe(DASHBOARD.panels.length);
});
