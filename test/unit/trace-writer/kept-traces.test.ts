import { expect, test } from "vitest";
import { parseConfig } from "#lib/config/load.ts";
import { RetentionSource } from "#proto/twinspan/trace/v1/experiment.ts";
import { keptByExperimentOf } from "../../../services/trace-writer/core/retention/kept-traces.ts";

const { traceWriter } = parseConfig(
  `
workspaces: [{ name: research }]
traceWriter:
  retention: { ageDaysMax: 30, tracesMax: 500, pending: { ageDaysMax: 400 }, ceiling: { ageDaysMax: 90, bytesMax: 4096 } }
  experiments:
    - { name: audits, retention: {} }
    - { name: short, workspace: research, retention: { ageDaysMax: 2 } }
`,
  "twinspan.yaml",
  {},
);
const kept = keptByExperimentOf(traceWriter);
const DAY_MS = 86_400_000;
const NOW_MS = 1000 * DAY_MS;
const own = (limits: { ageDaysMax?: number; tracesMax?: bigint; bytesMax?: bigint }) => ({
  ageDaysMax: 0,
  tracesMax: 0n,
  bytesMax: 0n,
  ...limits,
});
/** Each with the limits that hold, in days, traces and bytes. */
const CASES = [
  ["of all", "default", { name: "any" }, [30, 500, 4096], RetentionSource.RETENTION_SOURCE_ALL],
  ["of its name", "default", { name: "audits" }, [90, undefined, 4096], RetentionSource.RETENTION_SOURCE_NAME],
  ["of its name", "research", { name: "short" }, [2, undefined, 4096], RetentionSource.RETENTION_SOURCE_NAME],
  ["of a name elsewhere", "default", { name: "short" }, [30, 500, 4096], RetentionSource.RETENTION_SOURCE_ALL],
  [
    "of its own, longer than those of all",
    "default",
    { name: "any", ownRetention: own({ ageDaysMax: 60, tracesMax: 7n }) },
    [60, 7, 4096],
    RetentionSource.RETENTION_SOURCE_OWN,
  ],
  [
    "of its own, beyond the ceiling",
    "research",
    { name: "short", ownRetention: own({ ageDaysMax: 91, bytesMax: 2048n }) },
    [90, undefined, 2048],
    RetentionSource.RETENTION_SOURCE_OWN,
  ],
  [
    "of its own, which are none",
    "default",
    { name: "any", ownRetention: own({}) },
    [90, undefined, 4096],
    RetentionSource.RETENTION_SOURCE_OWN,
  ],
] as const;

test.each(CASES)("limits %s hold, within the ceiling", (_, workspace, experiment, [days, traces, bytes], source) => {
  expect(kept.kept(workspace, experiment, NOW_MS)).toEqual({
    startNsMin: BigInt(NOW_MS - days * DAY_MS) * 1_000_000n,
    tracesMax: traces,
    bytesMax: bytes,
  });
  const { configured, ceiling, ...told } = kept.toldOf(workspace, experiment);
  expect(told).toEqual({ ageDaysMax: days, tracesMax: BigInt(traces ?? 0), bytesMax: BigInt(bytes), source });
  expect(ceiling).toEqual(own({ ageDaysMax: 90, bytesMax: 4096n }));
  const { name } = experiment;
  const { source: _source, ceiling: _ceiling, configured: _configured, ...without } = kept.toldOf(workspace, { name });
  expect(configured).toEqual(without);
});

test("pending traces have limits of their own, which no ceiling is over", () => {
  expect(kept.kept("default", undefined, NOW_MS)?.startNsMin).toBe(BigInt(NOW_MS - 400 * DAY_MS) * 1_000_000n);
});

test("without any limit everything is kept, but of an experiment that somebody limits", () => {
  const none = keptByExperimentOf(parseConfig("{}", "twinspan.yaml", {}).traceWriter);
  expect(none.kept("default", { name: "any" }, NOW_MS)).toBeUndefined();
  expect(none.kept("default", undefined, NOW_MS)).toBeUndefined();
  expect(none.kept("default", { name: "any", ownRetention: own({ tracesMax: 3n }) }, NOW_MS)).toMatchObject({
    tracesMax: 3,
  });
  expect(none.toldOf("default", { name: "any" }).ceiling).toBeUndefined();
});
