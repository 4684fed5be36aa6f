import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorWordOf } from "#lib/spans/words.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { errorInfoOf } from "../../callers/told.ts";
import type { GatewayRun } from "../../system/start-gateway.ts";
import { twinRecordOf } from "../../traces/twin-records.ts";
import {
  askOf,
  CANARY,
  CUTS,
  chunksOf,
  FORMS,
  generate,
  PLAIN,
  startGeminiRun,
  streamOf,
  WORDS,
} from "./gemini-run.ts";

let run: GatewayRun;

beforeAll(async () => {
  run = await startGeminiRun();
});
afterAll(() => run[Symbol.asyncDispose]());

test.each([
  ["refuses", 400, "provider_rejected"],
  ["limits", 429, "provider_rate_limited"],
])("the provider's refusal of %s passes as it is: %i, %s", async (endpoint, code, errorType) => {
  for (const told of [
    await generate(run, endpoint),
    await streamOf(run, endpoint, ""),
    await streamOf(run, endpoint, "alt=sse"),
  ]) {
    expect(told).toMatchObject({ head: { status: code } });
    expect(errorWordOf(told.summary?.errorType ?? ErrorType.ERROR_TYPE_UNSPECIFIED)).toBe(errorType);
    expect(JSON.parse(told.body)).toMatchObject({ error: { code } });
    const { attempts } = await twinRecordOf(run, told, CANARY);
    expect(attempts[0]?.errorText).toBe(told.body);
  }
});

const CUT_FORMS = FORMS.flatMap(([form, query]) =>
  CUTS.flatMap((at) => [`cut-${at}`, `half-${at}`].map((endpoint) => [form, endpoint, at, query] as const)),
);

test.each(CUT_FORMS)(
  "a stream of %s that is %s: what came is told and recorded",
  async (_form, endpoint, at, query) => {
    const told = await streamOf(run, endpoint, query);
    const { root, usage } = await twinRecordOf(run, told, CANARY);
    expect(root.errorType).toBe("provider_protocol");
    if (at === 0) {
      expect(told.error?.code).toBe(status.UNAVAILABLE);
      return;
    }
    // What the caller has is whole, with the failure as its last.
    const chunks = chunksOf(told);
    expect(chunks).toHaveLength(at + 1);
    expect(chunks.at(-1)).toEqual({ error: { code: 502, message: expect.any(String), status: "UNAVAILABLE" } });
    const [candidate] = JSON.parse(root.outputs).candidates;
    expect(candidate.content.parts).toEqual([
      {
        text: WORDS.split(/(?<= )/)
          .slice(0, at)
          .join(""),
      },
    ]);
    expect(usage?.inputTokens).toBeGreaterThan(0n);
    expect(usage?.outputTokens).toBeGreaterThanOrEqual(BigInt(at));
  },
);

test.each(FORMS)("the provider's own error in a stream of %s passes as it came, and ends it", async (_form, query) => {
  const told = await streamOf(run, "fails-midway", query);
  const chunks = chunksOf(told);
  expect(chunks).toHaveLength(3);
  expect(chunks[2]).toMatchObject({ error: { code: 503, status: "UNAVAILABLE" } });
  expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE);
  const { attempts } = await twinRecordOf(run, told, CANARY);
  expect(attempts[0]?.errorText).toContain("overloaded");
  const atOnce = await streamOf(run, "fails-at-once", query);
  expect(atOnce.error?.code).toBe(status.UNAVAILABLE);
});

test.each(FORMS)("a caller that hangs up on a stream of %s leaves both twins, cancelled", async (_form, query) => {
  const told = await run.client.stream({
    ...askOf(Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT, "stalls", PLAIN, query),
    hangUpAfter: 2,
  });
  const { root, usage } = await twinRecordOf(run, told, CANARY);
  expect(root.errorType).toBe("cancelled");
  expect(usage?.inputTokens).toBeGreaterThan(0n);
});

test("a request that names no endpoint is refused, and one that is not Gemini's with the field at fault", async () => {
  const nameless = await generate(run, "");
  expect(nameless.error).toMatchObject({ code: status.INVALID_ARGUMENT });
  expect(nameless.error?.details).toContain("models/{endpoint}");
  const broken = await run.client.invoke(
    askOf(Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS, "echo", '{"requests":[7]}'),
  );
  expect(broken.error?.details).toContain("`requests[0]`");
});

test("a key of ours that Google does not know concerns the operator, however its caller speaks", async () => {
  const relayed = await generate(run, "unknown-key");
  const translated = await run.client.invoke({ model: "unknown-key", headers: [CALLER.header] });
  for (const told of [relayed, translated]) {
    expect(errorInfoOf(told).reason).toBe("PROVIDER_AUTH");
    expect(JSON.stringify(told.error)).not.toContain(CANARY);
  }
});
