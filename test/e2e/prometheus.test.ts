import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { freePorts } from "../../tools/free-ports.ts";
import { debianProgram } from "../../tools/packages/debian-package.ts";
import { until } from "../../tools/until.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { DASHBOARD, EXPRESSIONS } from "../deploy/dashboards.ts";
import { type Stack, startStack } from "../system/stack.ts";

const run = promisify(execFile);
const INSTALL_MS = 300_000;
const DEPLOY = "deploy/prometheus";
/** Metrics of a trace-writer with another store than the stack's. */
const OF_ANOTHER_STORE = /^twinspan_trace_writer_postgres_/;
/** What nothing has happened for that would be seen. */
const NOTHING_TO_SEE = ["Refused by limits", "Forwarding"];

const owned = new AsyncDisposableStack();
let stack: Stack;
let api: (path: string) => Promise<unknown>;

beforeAll(async () => {
  const prometheus = await debianProgram("prometheus", "prometheus");
  stack = owned.use(await startStack({ models: ["echo-1", "status-503"], gateway: { workers: 2 } }));
  const directory = mkdtempSync(join(tmpdir(), "twinspan-prometheus-"));
  owned.defer(() => rmSync(directory, { recursive: true, force: true }));
  copyFileSync(join(DEPLOY, "alerts.yaml"), join(directory, "alerts.yaml"));
  writeFileSync(join(directory, "prometheus.yaml"), configurationHere());
  const [port = 0] = await freePorts(1);
  const child = spawn(
    prometheus,
    [
      `--config.file=${directory}/prometheus.yaml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  owned.defer(async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  });
  api = async (path) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const body = z
      .object({ status: z.string(), error: z.string().optional(), data: z.unknown() })
      .parse(await answer.json());
    if (body.status !== "success") throw new Error(`${path}: ${body.error}`);
    return body.data;
  };
}, INSTALL_MS);
afterAll(() => owned.disposeAsync());

/** The configuration as it is deployed, with targets on this machine, which are asked more often. */
function configurationHere(): string {
  const addresses = {
    "twinspan-ingress": stack.url,
    "twinspan-gateway": stack.gateway.opsUrl,
    "twinspan-trace-writer": stack.traceWriter.opsUrl,
  };
  const read = z.looseObject({
    global: z.object({}),
    scrape_configs: z.array(
      z.object({ job_name: z.enum(["twinspan-ingress", "twinspan-gateway", "twinspan-trace-writer"]) }),
    ),
  });
  const config = read.parse(parse(readFileSync(join(DEPLOY, "prometheus.yaml"), "utf8")));
  const scrape_configs = config.scrape_configs.map(({ job_name }) => ({
    job_name,
    static_configs: [{ targets: [new URL(addresses[job_name]).host] }],
  }));
  return stringify({ ...config, global: { scrape_interval: "500ms", evaluation_interval: "500ms" }, scrape_configs });
}

const vector = z.object({ result: z.array(z.unknown()) });
const query = async (expression: string) =>
  vector.parse(await api(`query?query=${encodeURIComponent(expression)}`)).result;

test("promtool finds no fault in what is deployed, and every alert says its part and no more", async () => {
  const promtool = await debianProgram("promtool", "prometheus");
  await run(promtool, ["check", "config", join(DEPLOY, "prometheus.yaml")]);
  await run(promtool, ["test", "rules", join(DEPLOY, "alerts.test.yaml")]);
});

test("a real Prometheus reads every service, and knows every metric of the dashboard and the alerts", async () => {
  await until("all targets are up", async () => (await query("up == 1")).length === 3);
  const metadata = z.record(z.string(), z.unknown()).parse(await api("metadata"));
  const known = (name: string) => name in metadata || name.replace(/_(bucket|sum|count)$/, "") in metadata;
  const named = new Set(
    EXPRESSIONS.flatMap((expression) => expression.match(/\b(?:twinspan|gen_ai)_\w+(?=[ {[)]|$)/g) ?? []),
  );
  const unknown = [...named].filter((name) => !known(name) && !LABEL.test(name) && !OF_ANOTHER_STORE.test(name));
  expect(unknown).toEqual([]);
  expect(named.size).toBeGreaterThan(40);
});

/** Labels that look like metrics. */
const LABEL = /^(gen_ai_(provider_name|request_model)|twinspan_endpoint)$/;

test("what calls do is seen in the panels", async () => {
  const call = () =>
    chat(stack.url, { model: "echo-1", stream: true, headers: { traceparent: newCaller().traceparent } });
  for (let index = 0; index < 5; index += 1) {
    await call();
    await chat(stack.url, { model: "status-503" });
  }
  const panels = DASHBOARD.panels.filter(({ type, title }) => type === "timeseries" && !NOTHING_TO_SEE.includes(title));
  const empty = new Set(panels);
  await until("all panels show something", async () => {
    await call();
    for (const panel of empty) {
      const results = await Promise.all(panel.targets.map(({ expr }) => query(asked(expr))));
      if (results.some((result) => result.length > 0)) empty.delete(panel);
    }
    return empty.size === 0;
  });
});

test("every expression is one that Prometheus understands", async () => {
  for (const expression of EXPRESSIONS) await query(expression);
});

function asked(expression: string): string {
  return expression.replaceAll("$__rate_interval", "1m").replaceAll("$endpoint", ".*");
}
