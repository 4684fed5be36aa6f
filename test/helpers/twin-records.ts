import { expect } from "vitest";
import { finishReasonWordOf, requestWordsOf } from "#lib/spans/words.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { Told } from "./gateway-client.ts";
import { type RecordView, recordOfCall } from "./record-view.ts";
import type { GatewayRun } from "./start-gateway.ts";

/** What both twins of a call say of it, once they were found to say the same. */
export interface TwinRecord extends RecordView {
  /** MLflow's word for the request. */
  readonly requestType: string | undefined;
  /** The counts of the last attempt. Undefined: there are none. */
  readonly usage: Usage | undefined;
  /** Why its answer ended. */
  readonly finishReasons: readonly string[];
}

/**
 * The record of a call with one attempt, once it has arrived. Checks that its mirror says what its full trace says, and that
 * `canary`, which is said in the request or the answer, is in the payload and nowhere else.
 */
export async function twinRecordOf(run: GatewayRun, told: Told, canary: string): Promise<TwinRecord> {
  const view = await recordOfCall(run, told);
  const { record, root, attempts, mirrorErrorTypes } = view;
  const [gateway, mirrored, ...others] = record.mirror?.spans ?? [];
  expect(others).toEqual([]);
  expect(mirrorErrorTypes).toEqual([root, ...attempts].map(({ errorType }) => errorType ?? ""));
  const requestType = requestWordsOf(gateway?.requestType ?? 0)?.mlflow;
  expect(record.full?.metadata["mlflow.gateway.requestType"]).toBe(requestType);
  const finishReasons = (mirrored?.finishReasons ?? []).map(finishReasonWordOf);
  const attributes = attempts[0]?.attributes;
  expect(attributes?.["gen_ai.response.finish_reasons"] ?? []).toEqual(finishReasons);
  const usage = mirrored?.usage;
  expect({
    input: attributes?.["gen_ai.usage.input_tokens"],
    output: attributes?.["gen_ai.usage.output_tokens"],
    cacheRead: attributes?.["gen_ai.usage.cache_read.input_tokens"],
  }).toEqual({
    input: numberOf(usage?.inputTokens),
    output: numberOf(usage?.outputTokens),
    cacheRead: numberOf(usage?.cacheReadInputTokens),
  });
  expect(gateway?.usage).toEqual(usage);
  expect(told.summary?.usage ?? usage).toEqual(usage);

  expect(Buffer.from(InvocationRecord.encode(record).finish()).includes(canary)).toBe(true);
  const withoutPayload = InvocationRecord.encode({ ...record, payloads: [] }).finish();
  expect(Buffer.from(withoutPayload).includes(canary)).toBe(false);
  expect(run.logged.join("\n")).not.toContain(canary);
  return { ...view, requestType, usage, finishReasons };
}

function numberOf(count: bigint | undefined): number | undefined {
  return count === undefined ? undefined : Number(count);
}
