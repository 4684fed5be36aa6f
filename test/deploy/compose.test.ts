import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import type { Config } from "#lib/config/schema.ts";
import { fetchedPackage } from "../../tools/packages/fetched-package.ts";
import { checkedConfig } from "./checked-config.ts";

const FETCH_MS = 120_000;
const COMPOSE = "deploy/compose.yaml";
/** A linter that brings the schema of the Compose specification. What it calls warnings is its taste. */
const LINTER = ["dclint", "3.1.0"] as const;
/** What a service may take to close what it owns, beyond its drain. */
const CLOSING_MS = 2_000;

const service = z.looseObject({
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  stop_grace_period: z.string().default("10s"),
});
const compose = z.object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.unknown()) });

const read = (file: string) => readFileSync(file, "utf8");
const { services, volumes } = compose.parse(parse(read(COMPOSE), { merge: true }));
const OURS = ["ingress", "gateway", "trace-writer"] as const;
/** The configuration as each service reads it, which has the variables that compose.yaml gives it. */
const configs = new Map<(typeof OURS)[number], Config>();
beforeAll(() => {
  for (const name of OURS) {
    const variables = Object.keys(services[name]?.environment ?? {});
    const environment = Object.fromEntries(variables.map((variable) => [variable, "secret"]));
    configs.set(name, checkedConfig(read("deploy/compose/twinspan.yaml"), environment));
  }
});
const configAt = (name: (typeof OURS)[number]) => {
  const config = configs.get(name);
  if (config === undefined) throw new Error(`${name} has no configuration`);
  return config;
};

test(
  "compose.yaml is one by the Compose specification's schema",
  async () => {
    const [name, version] = LINTER;
    const linter = join(await fetchedPackage(name, version), "node_modules", name, "bin/dclint.cjs");
    await promisify(execFile)(process.execPath, [linter, COMPOSE]);
  },
  FETCH_MS,
);

test("the configuration is one that each service loads with the variables it has, and no other sees its secrets", () => {
  expect(configAt("trace-writer").traceWriter.store.postgres?.password).toBe("secret");
  expect(configAt("gateway").traceWriter.store.postgres?.password).not.toBe("secret");
  expect(configAt("ingress").providers["openai"]?.apiKey).toBe("${OPENAI_API_KEY}");
});

test("services are called where they are, and have the time that they take to drain", () => {
  const { ingress, gateway, traceWriter } = configAt("gateway");
  expect([ingress.gateway.target, ingress.traceWriter, gateway.traceWriter]).toEqual([
    "dns:///gateway:7001",
    "dns:///trace-writer:7002",
    "dns:///trace-writer:7002",
  ]);
  const drains = {
    ingress: ingress.drainDelayMs + ingress.drainMs,
    gateway: gateway.drainMs + gateway.outbox.drainMs,
    "trace-writer": traceWriter.drainMs,
  };
  for (const name of OURS) {
    expect(Number.parseInt(services[name]?.stop_grace_period ?? "", 10) * 1000, name).toBeGreaterThan(
      drains[name] + CLOSING_MS,
    );
    expect(existsSync(services[name]?.command?.[0] ?? ""), name).toBe(true);
  }
});

test("what is mounted is there, what is published is for this machine, and Prometheus scrapes the services by their names", () => {
  for (const { volumes: mounts, ports } of Object.values(services)) {
    for (const mount of mounts) {
      const [source = ""] = mount.split(":");
      expect(source.startsWith("./") ? existsSync(join("deploy", source)) : source in volumes, mount).toBe(true);
    }
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  }
  const target = z.object({ static_configs: z.tuple([z.object({ targets: z.tuple([z.string()]) })]) });
  const { scrape_configs } = z
    .object({ scrape_configs: z.array(target) })
    .parse(parse(read("deploy/prometheus/prometheus.yaml")));
  const { ingress, gateway, traceWriter } = configAt("gateway");
  const listening = { ingress: ingress.listen, gateway: gateway.ops, "trace-writer": traceWriter.ops };
  expect(scrape_configs.map(({ static_configs: [{ targets }] }) => targets[0])).toEqual(
    Object.entries(listening).map(([name, address]) => address.replace("0.0.0.0", name)),
  );
});

test("example.env has every variable that compose.yaml asks for", () => {
  const asked = new Set(Array.from(read(COMPOSE).matchAll(/\$\{(\w+):/g), ([, name]) => name));
  const told = Array.from(read("deploy/compose/example.env").matchAll(/^(\w+)=/gm), ([, name]) => name);
  expect(told.sort()).toEqual([...asked].sort());
});
