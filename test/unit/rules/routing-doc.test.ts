import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { configSchema } from "#lib/config/schema.ts";
import { type ErrorKind, isErrorKind } from "#lib/service-error.ts";
import { failureKindOfStatus } from "../../../services/gateway/core/error-type.ts";
import { nextStepOf } from "../../../services/gateway/core/routing/next-step.ts";

const text = readFileSync("docs/routing.md", "utf8");

/** What the code does after a failure, in the table's words. */
function stepsOf(kind: ErrorKind, httpStatus: number): readonly [again: string, next: string] {
  const failed = { kind, httpStatus, retryAfterMs: undefined, isFinal: false };
  const retries = { max: 1, delayMinMs: 1, delayMaxMs: 1 };
  const { to } = nextStepOf(
    failed,
    { attempts: 1, retries: 0, elapsedMs: 0 },
    { attemptsMax: 8, attemptsMs: 1_000, retries },
    0,
  );
  return [to === "same_model" ? "yes" : "no", to === "nobody" ? "no" : "yes"];
}

test("its table says of every failure what the code does", () => {
  const rows = [...text.matchAll(/^\| ([^|]+) \| `(\w+)` \| (yes|no) \| (yes|no) \|$/gm)];
  expect(rows.length).toBeGreaterThan(10);
  for (const [row, what = "", kind = "", ...told] of rows) {
    if (!isErrorKind(kind)) throw new Error(`no such kind: ${row}`);
    const statuses = [...what.matchAll(/\b[45]\d\d\b/g)].map(([status]) => Number(status));
    for (const status of statuses) expect(failureKindOfStatus(status), row).toBe(kind);
    for (const status of statuses.length === 0 ? [0] : statuses) expect(stepsOf(kind, status), row).toEqual(told);
  }
});

test("its examples are configurations that are taken", () => {
  const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = ""]) => yaml);
  expect(examples.length).toBeGreaterThan(5);
  const head = examples.find((yaml) => yaml.includes("- name: chat")) ?? "";
  for (const yaml of examples) {
    // Those that are indented go on with the first.
    const whole = yaml.startsWith("    ") ? head + yaml : yaml;
    expect(configSchema.safeParse(parse(whole)).error?.issues, whole).toBeUndefined();
  }
});
