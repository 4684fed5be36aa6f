import { expect } from "vitest";
import { attemptReasonWordOf, errorWordOf } from "#lib/spans/words.ts";
import { type Ask, CALLER, type Told } from "../callers/gateway-client.ts";
import type { GatewayRun } from "../system/start-gateway.ts";
import { type RecordView, recordOfCall } from "./record-view.ts";

/** An attempt in a line: `<model> <reason> <error.type, or ok>`. */
export type AttemptLine = string;

/** The record of a call, and the way it took: its attempts in order, which both twins must tell alike. */
export async function routeOfCall(
  run: GatewayRun,
  told: Pick<Told, "metadata">,
): Promise<{ readonly view: RecordView; readonly route: readonly AttemptLine[] }> {
  const view = await recordOfCall(run, told);
  const route = view.attempts.map(({ attributes, errorType = "ok" }, index) => {
    expect(attributes["twinspan.attempt.index"]).toBe(index);
    return `${attributes["gen_ai.request.model"]} ${attributes["twinspan.attempt.reason"]} ${errorType}`;
  });
  const mirrored = view.record.mirror?.spans.slice(1).map(({ requestModel, attemptReason, errorType }) => {
    return `${requestModel} ${attemptReasonWordOf(attemptReason)} ${errorWordOf(errorType) ?? "ok"}`;
  });
  if (mirrored !== undefined) expect(mirrored).toEqual(route);
  return { view, route };
}

/** Calls an endpoint with a caller's context, and tells the way it took. */
export async function callRouted(run: GatewayRun, model: string, more: Partial<Ask> = {}) {
  const told = await run.client.stream({ model, headers: [CALLER.header], ...more });
  const { route, view } = await routeOfCall(run, told);
  expect(told.summary?.attempts ?? route.length).toBe(route.length);
  return { told, route, view };
}
