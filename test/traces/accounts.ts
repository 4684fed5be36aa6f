import { expect } from "vitest";
import { sumOfCosts, sumOfUsages, totalsAttributesOf } from "#lib/spans/usage.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { Told } from "../callers/gateway-client.ts";
import type { GatewayRun } from "../system/start-gateway.ts";
import { type RecordView, recordOfCall } from "./record-view.ts";

/**
 * The usage of a call that every place agrees on: the sum over its full trace's attempts is the mirror's gateway
 * span's, and the summary's where there is one; so is the cost.
 */
export async function accountsOf(
  run: GatewayRun,
  told: Told,
): Promise<{ readonly usage: Usage | undefined; readonly view: RecordView }> {
  const view = await recordOfCall(run, told);
  const [gateway, ...mirrored] = view.record.mirror?.spans ?? [];
  const usage = sumOfUsages(mirrored.map((span) => span.usage));
  const cost = sumOfCosts(mirrored.map((span) => span.cost));
  expect([gateway?.usage, gateway?.cost]).toEqual([usage, cost]);
  if (told.summary !== undefined) expect([told.summary.usage, told.summary.cost]).toEqual([usage, cost]);
  for (const [index, { attributes }] of view.attempts.entries()) {
    const said = totalsAttributesOf(mirrored[index]?.usage, mirrored[index]?.cost);
    for (const [key, value] of Object.entries(said)) {
      expect(attributes[key], key).toBe(typeof value === "bigint" ? Number(value) : value);
    }
  }
  return { usage, view };
}
