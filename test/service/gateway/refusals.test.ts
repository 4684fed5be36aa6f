import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { expectNamed } from "../../callers/told.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

let run: GatewayRun;

beforeAll(async () => {
  run = await startGatewayRun({ endpoints: { echo: {}, untraced: { tracing: "off" } } });
});
afterAll(() => run[Symbol.asyncDispose]());

test("an endpoint that does not exist is NOT_FOUND, and leaves no trace", async () => {
  const told = await run.client.invoke({ model: "no-such", headers: [CALLER.header] });
  expect(told.error).toMatchObject({ code: status.NOT_FOUND, details: expect.stringContaining('"no-such"') });
  expect(told.metadata.get("x-twinspan-trace-id")).toEqual([]);
  expect(told.trailers.get("x-twinspan-trace-id")).toEqual([]);
  const odd = await run.client.invoke({ model: "no such\nthing" });
  expect(odd.error?.details).toContain("There is no endpoint.");
});

test("a bad body at a known endpoint is a light ERROR trace without it; at an unknown one nothing", async () => {
  const before = (await run.metrics()).get('twinspan_calls_refused_total{reason="no_endpoint"}') ?? 0;
  const body = '{"model":"echo","canary":"in a broken body"';
  const known = await run.client.stream({ model: "echo", body, headers: [CALLER.header] });
  expect(known.error?.code).toBe(status.INVALID_ARGUMENT);
  expect(known.error?.details).not.toContain("canary");
  expectNamed(known);
  const { root, attempts, record, mirrorErrorTypes } = await recordOfCall(run, known);
  expect(root.errorType).toBe("invalid_request");
  expect(attempts).toEqual([]);
  expect(mirrorErrorTypes).toEqual(["invalid_request"]);
  expect(JSON.stringify(record.payloads.map(({ inputs }) => inputs.toString()))).not.toContain("canary");

  for (const text of ["", "null", '{"messages":[]}', "{{{"]) {
    const unknown = await run.client.invoke({ model: "", body: text });
    expect(unknown.error?.code).toBe(status.INVALID_ARGUMENT);
    expect(unknown.metadata.get("x-twinspan-trace-id")).toEqual([]);
  }
  expect((await run.metrics()).get('twinspan_calls_refused_total{reason="no_endpoint"}')).toBe(before + 4);
});

test("Invoke refuses a body that asks for a stream, and says what to do", async () => {
  const told = await run.client.invoke({ model: "echo", stream: true });
  expect(told.error).toMatchObject({ code: status.INVALID_ARGUMENT });
  expect(told.error?.details).toContain("InvokeStream");
  expect((await recordOfCall(run, told)).root.errorType).toBe("invalid_request");
});

test("an endpoint without tracing answers, is counted, and leaves nothing", async () => {
  const told = await run.client.stream({ model: "untraced", stream: true, headers: [CALLER.header] });
  expect(told).toMatchObject({
    error: undefined,
    summary: { traceId: "", errorType: ErrorType.ERROR_TYPE_UNSPECIFIED },
  });
  expect(told.metadata.get("x-twinspan-trace-id")).toEqual([]);
  const metrics = await run.metrics();
  expect(metrics.get('twinspan_calls_total{endpoint="untraced",outcome="ok"}')).toBe(1);
  expect(run.traceWriter.records.some(({ full }) => full?.experiment === "gateway/untraced")).toBe(false);
});

test("a body beyond its limit is refused, counted, and leaves no trace; one that just fits is not", async () => {
  await using small = await startGatewayRun({ endpoints: { echo: {} }, limits: { requestBytesMax: 2048 } });
  const bodyOfBytes = (bytes: number) => {
    const body = (text: string) => JSON.stringify({ model: "echo", messages: [{ role: "user", content: text }] });
    return body("x".repeat(bytes - body("").length));
  };
  const fits = await small.client.invoke({ model: "echo", body: bodyOfBytes(2048) });
  expect(fits.error).toBeUndefined();
  const told = await small.client.invoke({ model: "echo", body: bodyOfBytes(2049), headers: [CALLER.header] });
  expect(told.error).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: "The body is larger than 2048 bytes (gateway.limits.requestBytesMax).",
  });
  expect(told.metadata.get("x-twinspan-trace-id")).toEqual([]);
  expect((await small.metrics()).get('twinspan_calls_refused_total{reason="too_large"}')).toBe(1);
  await small.records(1);
});
