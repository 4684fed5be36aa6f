import { Gauge, Registry } from "prom-client";
import { expect, test } from "vitest";
import { startOpsServer } from "#lib/ops-server.ts";
import { ownReport } from "#lib/service-report.ts";

const ready = () => ({ ready: true, degraded: [] });

test("it listens on an IPv6 address as on any other", async () => {
  await using server = await startOpsServer("[::1]:0", ownReport(new Registry(), ready));
  expect(server.address).toMatch(/^\[::1\]:\d+$/);
  expect((await fetch(`http://${server.address}/readyz`)).status).toBe(200);
});

test("figures that cannot be read are a 500, and cost nothing else", async () => {
  const registry = new Registry();
  const collect = () => {
    throw new Error("no figure");
  };
  registry.registerMetric(new Gauge({ name: "broken", help: "Cannot be read.", registers: [], collect }));
  await using server = await startOpsServer("127.0.0.1:0", ownReport(registry, ready));
  expect((await fetch(`http://${server.address}/metrics`)).status).toBe(500);
  expect((await fetch(`http://${server.address}/healthz`)).status).toBe(200);
});
