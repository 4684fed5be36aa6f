import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const query = z.object({ expr: z.string() });
const place = z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() });
const panel = z.object({
  id: z.int(),
  type: z.enum(["row", "timeseries"]),
  title: z.string().min(1),
  description: z.string().min(1).optional(),
  gridPos: place,
  datasource: z.object({ uid: z.literal("${datasource}") }).optional(),
  targets: z.array(query.extend({ datasource: z.object({ uid: z.literal("${datasource}") }) })).default([]),
});
const dashboard = z.object({
  uid: z.string(),
  schemaVersion: z.int(),
  annotations: z.object({ list: z.array(query) }),
  panels: z.array(panel),
});
const alert = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(["critical", "warning", "info"]) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook: z.string() }),
});
const alerts = z.object({ groups: z.array(z.object({ rules: z.array(alert) })) });

/** The dashboard that is provisioned in Grafana. */
export const DASHBOARD = dashboard.parse(JSON.parse(readFileSync("deploy/grafana/dashboards/twinspan.json", "utf8")));

/** The alerts that Prometheus is given. */
export const ALERTS = alerts
  .parse(parse(readFileSync("deploy/prometheus/alerts.yaml", "utf8")))
  .groups.flatMap(({ rules }) => rules);

/** All expressions in PromQL, with what Grafana puts in as it would. */
export const EXPRESSIONS: readonly string[] = [
  ...DASHBOARD.panels.flatMap(({ targets }) => targets),
  ...DASHBOARD.annotations.list,
  ...ALERTS,
].map(({ expr }) => expr.replaceAll("$__rate_interval", "1m").replaceAll("$endpoint", ".*"));
