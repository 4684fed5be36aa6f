import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Config } from "#lib/config/schema.ts";
import { checkedConfig } from "./checked-config.ts";
import { helm, type KubernetesObject, renderedChart } from "./helm.ts";
import { typeFaultsOf } from "./kubernetes-types.ts";

const CHART = "deploy/helm/twinspan";
const FETCH_MS = 300_000;
/** What a service may take to close what it owns, beyond its drain. */
const CLOSING_MS = 2_000;

const labels = z.record(z.string(), z.string());
const container = z.looseObject({
  name: z.string(),
  args: z.array(z.string()),
  env: z.undefined().optional(),
  envFrom: z.array(z.strictObject({ secretRef: z.strictObject({ name: z.string() }) })).optional(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
  securityContext: z.object({ readOnlyRootFilesystem: z.literal(true), allowPrivilegeEscalation: z.literal(false) }),
  readinessProbe: z.object({ httpGet: z.object({ path: z.literal("/readyz"), port: z.string(), scheme: z.string() }) }),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
});
const workload = z.looseObject({
  spec: z.looseObject({
    replicas: z.int().optional(),
    selector: z.object({ matchLabels: labels }),
    template: z.object({
      metadata: z.looseObject({ labels }),
      spec: z.looseObject({
        terminationGracePeriodSeconds: z.int(),
        containers: z.tuple([container]),
        volumes: z.array(z.looseObject({ name: z.string() })),
      }),
    }),
    volumeClaimTemplates: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).default([]),
  }),
});
const selecting = z.looseObject({ spec: z.looseObject({ selector: labels }) });
const configMap = z.looseObject({ data: z.record(z.string(), z.string()) });

const SERVICES = ["ingress", "gateway", "trace-writer"] as const;

describe.each([
  ["small", "demo", "demo-twinspan", {}],
  ["large", "twinspan", "twinspan", { POSTGRES_PASSWORD: "secret", TWINSPAN_RECORD_KEY: "secret" }],
] as const)("with the values of ci/%s-values.yaml", (values, release, name, environment) => {
  let objects: readonly KubernetesObject[];
  let config: Config;
  beforeAll(async () => {
    objects = await renderedChart(CHART, release, ["--values", `${CHART}/ci/${values}-values.yaml`]);
    config = checkedConfig(configMap.parse(only("ConfigMap", name)).data["twinspan.yaml"] ?? "", environment);
  }, FETCH_MS);

  const only = (kind: string, called: string) => {
    const found = objects.filter(({ kind: its, metadata }) => its === kind && metadata.name === called);
    expect(
      found.map(({ metadata }) => metadata.name),
      `${kind} ${called}`,
    ).toEqual([called]);
    return found[0];
  };
  const podsOf = (service: (typeof SERVICES)[number]) =>
    workload.parse(only(service === "gateway" ? "StatefulSet" : "Deployment", `${name}-${service}`)).spec;

  test("Helm's linter finds nothing, and every object is one that Kubernetes's API knows, to the field", async () => {
    await helm(["lint", "--strict", CHART, "--values", `${CHART}/ci/${values}-values.yaml`]);
    expect(await typeFaultsOf(objects)).toEqual([]);
  });

  test("the services find each other: targets are names of services without an address of their own", () => {
    const targets = [config.ingress.gateway.target, config.ingress.traceWriter, config.gateway.traceWriter];
    for (const target of targets) {
      const [, host = "", port] = /^dns:\/\/\/(.+):(\d+)$/.exec(target) ?? [];
      expect(only("Service", host)).toMatchObject({ spec: { clusterIP: "None", ports: [{ port: Number(port) }] } });
    }
    expect(config.ingress.gateway.transport).toBe("exchange");
  });

  test("each service has the port it listens at, its own pods, and a file system to write to where it has files", () => {
    const { ingress, gateway, traceWriter } = config;
    const listening = {
      ingress: [ingress.listen],
      gateway: [gateway.listen, gateway.ops],
      "trace-writer": [traceWriter.listen, traceWriter.ops],
    };
    const files = {
      ingress: undefined,
      gateway: gateway.outbox.path,
      "trace-writer": traceWriter.store.use === "sqlite" ? traceWriter.store.sqlite.path : undefined,
    };
    for (const service of SERVICES) {
      const { selector, template, volumeClaimTemplates } = podsOf(service);
      expect(template.metadata.labels).toMatchObject(selector.matchLabels);
      expect(selecting.parse(only("Service", `${name}-${service}`)).spec.selector).toEqual(selector.matchLabels);
      const [{ args, ports, readinessProbe, volumeMounts }] = template.spec.containers;
      expect(args).toEqual([`services/${service}/main.ts`]);
      expect(ports.map(({ containerPort }) => `0.0.0.0:${containerPort}`)).toEqual(listening[service]);
      expect(ports.map((port) => port.name)).toContain(readinessProbe.httpGet.port);
      const file = files[service];
      if (file !== undefined)
        expect(volumeMounts.map(({ mountPath }) => `${mountPath}/`)).toContain(file.replace(/[^/]+$/, ""));
      const volumes = [...template.spec.volumes, ...volumeClaimTemplates.map(({ metadata }) => metadata)];
      expect(volumes.map((volume) => volume.name)).toEqual(
        expect.arrayContaining(volumeMounts.map((mount) => mount.name)),
      );
    }
  });

  test("a pod has the time to drain that the configuration gives its service", () => {
    const { ingress, gateway, traceWriter } = config;
    const drains = {
      ingress: ingress.drainDelayMs + ingress.drainMs,
      gateway: gateway.drainMs + gateway.outbox.drainMs,
      "trace-writer": traceWriter.drainMs,
    };
    for (const service of SERVICES) {
      const { terminationGracePeriodSeconds } = podsOf(service).template.spec;
      expect(terminationGracePeriodSeconds * 1000, service).toBeGreaterThan(drains[service] + CLOSING_MS);
    }
  });

  test("secrets are references: no object holds one, and each service sees those that its values name", () => {
    expect(objects.filter(({ kind }) => kind === "Secret")).toEqual([]);
    const referred = SERVICES.map((service) =>
      podsOf(service).template.spec.containers[0].envFrom?.map(({ secretRef }) => secretRef.name),
    );
    const expected = {
      small: [undefined, ["provider-keys"], undefined],
      large: [undefined, ["provider-keys", "record-key"], ["database"]],
    };
    expect(referred).toEqual(expected[values]);
  });

  test("a service with several copies may lose one at a time, and where it scales, Kubernetes says how many there are", () => {
    for (const service of SERVICES) {
      const { replicas } = podsOf(service);
      const scaled = objects.find(
        ({ kind, metadata }) => kind === "HorizontalPodAutoscaler" && metadata.name === `${name}-${service}`,
      );
      expect(scaled === undefined, service).toBe(values === "small");
      expect(replicas === undefined, service).toBe(scaled !== undefined);
      if (scaled !== undefined || (replicas ?? 1) > 1) only("PodDisruptionBudget", `${name}-${service}`);
    }
  });

  test("every service has a NetworkPolicy for both directions", () => {
    for (const service of SERVICES) {
      expect(only("NetworkPolicy", `${name}-${service}`)).toMatchObject({
        spec: { podSelector: podsOf(service).selector, policyTypes: ["Ingress", "Egress"] },
      });
    }
  });
});

test("Prometheus's operator and Grafana are given the alerts and the dashboard, word for word", async () => {
  const objects = await renderedChart(CHART, "twinspan", ["--values", `${CHART}/ci/large-values.yaml`]);
  const rules = z.looseObject({ spec: z.object({ groups: z.array(z.object({ rules: z.array(z.unknown()) })) }) });
  const { spec } = rules.parse(objects.find(({ kind }) => kind === "PrometheusRule"));
  const alerts = readFileSync("deploy/prometheus/alerts.yaml", "utf8").match(/- alert:/g);
  expect(spec.groups.flatMap((group) => group.rules)).toHaveLength(alerts?.length ?? 0);
  const { data } = configMap.parse(objects.find(({ metadata }) => metadata.name === "twinspan-dashboard"));
  const dashboard: unknown = JSON.parse(readFileSync("deploy/grafana/dashboards/twinspan.json", "utf8"));
  expect(JSON.parse(data["twinspan.json"] ?? "")).toEqual(dashboard);
  expect(objects.filter(({ kind }) => kind === "PodMonitor")).toHaveLength(SERVICES.length);
});

test("the workers of a service share half of their container's memory as that of their heaps", async () => {
  const workers = "config.gateway.workers=4,config.ingress.workers=auto,config.traceWriter.workers=1";
  const objects = await renderedChart(CHART, "demo", ["--set", `config.auth=none,${workers}`]);
  const pods = z.looseObject({
    spec: z.looseObject({
      template: z.looseObject({
        spec: z.looseObject({
          containers: z.tuple([z.looseObject({ name: z.string(), env: z.unknown().optional() })]),
        }),
      }),
    }),
  });
  const services = objects.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");
  const environments = services.map((service) => {
    const [{ name, env }] = pods.parse(service).spec.template.spec.containers;
    return [name, env];
  });
  expect(Object.fromEntries(environments)).toEqual({
    gateway: [{ name: "NODE_OPTIONS", value: "--max-old-space-size-percentage=12" }],
    ingress: undefined,
    "trace-writer": undefined,
  });
});

test.each([
  ["nobody says who may do what", ["--set", "config.x=1"], "auth"],
  ["a value does not exist", ["--set", "config.auth=none,gatway.replicas=2"], "gatway"],
  [
    "several trace-writers have one file",
    ["--set", "config.auth=none,traceWriter.replicas=2"],
    "need a store that they share",
  ],
])("values are refused where %s", async (_where, args, says) => {
  await expect(renderedChart(CHART, "demo", args)).rejects.toThrow(says);
});
