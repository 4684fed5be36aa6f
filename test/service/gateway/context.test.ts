import { afterAll, beforeAll, expect, test } from "vitest";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { startOwnTelemetry } from "../../system/own-telemetry.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

let run: GatewayRun;

beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
      sampled: {},
      always: { mirror: "always" },
      never: { mirror: "never" },
      propagates: { provider: { propagate: true } },
    },
  });
});
afterAll(() => run[Symbol.asyncDispose]());

const { traceId, spanId } = CALLER;
const parent = (flags: string) => ["traceparent", `00-${traceId}-${spanId}-${flags}`] as const;

/** Twenty ways to get a traceparent wrong. */
const MALFORMED: readonly string[] = [
  "",
  "00",
  "garbage",
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-`,
  `00-${traceId}-${spanId}-1`,
  `00-${traceId}-${spanId}-01-extra`,
  `00-${traceId}-${spanId}-0g`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.slice(1)}-${spanId}-01`,
  `00-${traceId}0-${spanId}-01`,
  `00-${traceId}-${spanId}0-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId.toUpperCase()}-01`,
  `ff-${traceId}-${spanId}-01`,
  `0-${traceId}-${spanId}-01`,
  `FE-${traceId}-${spanId}-01`,
  `00_${traceId}_${spanId}_01`,
  `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
  `"00-${traceId}-${spanId}-01"`,
];

test("a malformed context fails no call, makes no mirror, and is counted", async () => {
  const key = 'twinspan_trace_context_total{outcome="malformed"}';
  const before = (await run.metrics()).get(key) ?? 0;
  for (const header of MALFORMED) {
    const told = await run.client.stream({ model: "always", stream: true, headers: [["traceparent", header]] });
    expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_UNSPECIFIED);
    const { record, root } = await recordOfCall(run, told);
    expect(record.mirror).toBeUndefined();
    expect(root.span.links).toEqual([]);
    expect(root.attributes["twinspan.caller.trace_id"]).toBeUndefined();
  }
  expect((await run.metrics()).get(key)).toBe(before + MALFORMED.length);
});

test("a traceparent that is there twice is none", async () => {
  const told = await run.client.invoke({ model: "always", headers: [CALLER.header, CALLER.header] });
  expect((await recordOfCall(run, told)).record.mirror).toBeUndefined();
});

test.each([
  ["sampled", "01", true],
  ["sampled", "00", false],
  ["sampled", "02", false],
  ["sampled", "03", true],
  ["always", "00", true],
  ["never", "01", false],
])("an endpoint with mirror: %s and flags %s: mirror %s; the full trace always", async (model, flags, isMirrored) => {
  const told = await run.client.invoke({ model, headers: [parent(flags)] });
  const { record, root } = await recordOfCall(run, told);
  expect(record.mirror !== undefined).toBe(isMirrored);
  expect(root.attributes["twinspan.caller.trace_id"]).toBe(`tr-${traceId}`);
  expect(record.full?.traceId.toString("hex")).not.toBe(traceId);
});

test("the mirror hangs under the caller's span, verbatim, whatever the case of the header and the version to come", async () => {
  for (const [name, value] of [
    ["TraceParent", `00-${traceId}-${spanId}-01`],
    ["traceparent", `cc-${traceId}-${spanId}-01-later`],
  ] as const) {
    const told = await run.client.invoke({
      model: "sampled",
      headers: [
        [name, value],
        ["tracestate", "bad=,=,"],
      ],
    });
    const { mirror } = (await recordOfCall(run, told)).record;
    expect(mirror?.traceId.toString("hex")).toBe(traceId);
    expect(mirror?.spans[0]?.parentSpanId.toString("hex")).toBe(spanId);
  }
});

test("who calls comes from the allow-listed headers and baggage, and from nothing else", async () => {
  const told = await run.client.invoke({
    model: "sampled",
    headers: [
      CALLER.header,
      ["baggage", "user.id=from%20baggage,session.id=ignored,secret=canary"],
      ["x-twinspan-session-id", "s-1"],
      ["x-mlflow-run-id", "r-1"],
      ["x-twinspan-experiment", "mine"],
      ["x-mlflow-gateway-caller", "judge"],
      ["x-forwarded-host", "ai.example:8080"],
      ["x-other", "canary"],
      ["authorization", "Bearer canary"],
    ],
  });
  const { record, root } = await recordOfCall(run, told);
  expect(record.full?.metadata).toMatchObject({
    "mlflow.gateway.caller": "judge",
    "mlflow.trace.session": "s-1",
    "mlflow.trace.user": "from baggage",
    "mlflow.sourceRun": "r-1",
  });
  expect(root.attributes["server_url"]).toBe("ai.example:8080");
  expect(record.mirror?.experiment).toEqual({ ref: { $case: "name", value: "mine" } });
  expect(JSON.stringify([record.full, record.mirror], replacer)).not.toContain("canary");
});

function replacer(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

test("a provider is told the attempt's span where the operator wants it: the mirror's, else the full trace's", async () => {
  const sent = () => run.provider.requests.at(-1)?.headers["traceparent"];
  const mirrored = await run.client.invoke({ model: "propagates", headers: [CALLER.header] });
  const { record } = await recordOfCall(run, mirrored);
  expect(sent()).toBe(`00-${traceId}-${record.mirror?.spans[1]?.spanId.toString("hex")}-01`);
  expect(run.provider.requests.at(-1)?.headers).not.toHaveProperty("authorization");

  const alone = await run.client.invoke({ model: "propagates" });
  const { record: full, attempts } = await recordOfCall(run, alone);
  expect(sent()).toBe(`00-${full.full?.traceId.toString("hex")}-${attempts[0]?.span.spanId.toString("hex")}-01`);
});

test("telemetry that the services make about themselves changes nothing of the mirror", async () => {
  await using telemetry = startOwnTelemetry();
  for (const model of ["sampled", "propagates"]) {
    const told = await run.client.stream({ model, stream: true, headers: [CALLER.header] });
    const { mirror } = (await recordOfCall(run, told)).record;
    expect(mirror?.traceId.toString("hex")).toBe(traceId);
    expect(mirror?.spans[0]?.parentSpanId.toString("hex")).toBe(spanId);
  }
  const alone = await run.client.invoke({ model: "always" });
  expect((await recordOfCall(run, alone)).record.mirror).toBeUndefined();
  // It was on, and the calls were instrumented: there were spans whose ids could have got in the way.
  expect(telemetry.spans).toBeGreaterThanOrEqual(3);
});
