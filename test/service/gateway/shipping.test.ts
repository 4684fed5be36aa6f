import { expect, test } from "vitest";
import { checkHealth } from "#lib/rpc/check-health.ts";
import { channelCredentials } from "#lib/rpc/client.ts";
import { ServiceError } from "#lib/service-error.ts";
import { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { until } from "../../../tools/until.ts";
import type { Told } from "../../callers/gateway-client.ts";
import { startRecordingTraceWriter } from "../../neighbours/recording-trace-writer.ts";
import { type GatewayRun, recordsOf, startGatewayRun } from "../../system/start-gateway.ts";

const unavailable = new ServiceError("unavailable", "not now");

/** So many calls at once. */
function calls(run: GatewayRun, count: number, model = "demo", text?: string): Promise<readonly Told[]> {
  const asks = Array.from({ length: count }, () =>
    run.client.invoke({ model, ...(text === undefined ? {} : { text }) }),
  );
  return Promise.all(asks);
}

const isPoison = ({ full }: InvocationRecord) => full?.experiment === "gateway/poison";
const shed = (what: string, reason: string) => `twinspan_outbox_shed_total{what="${what}",reason="${reason}"}`;

/** Waits for a figure under /metrics. */
async function untilMetric(run: GatewayRun, name: string, isThere: (value: number) => boolean): Promise<void> {
  await until(name, async () => isThere((await run.metrics()).get(name) ?? 0));
}

test("while the trace-writer fails, calls go on and say so in health; then every record arrives once", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} } });
  run.traceWriter.script = () => unavailable;
  const told = await calls(run, 20);
  expect(told.every(({ summary }) => summary?.errorType === ErrorType.ERROR_TYPE_UNSPECIFIED)).toBe(true);
  await untilMetric(run, "twinspan_outbox_retries_total", (count) => count >= 3);
  await untilMetric(run, "twinspan_outbox_degraded", (degraded) => degraded === 1);
  await untilMetric(run, "twinspan_outbox_records", (count) => count === 20);
  expect((await run.metrics()).get("twinspan_outbox_oldest_age_seconds")).toBeGreaterThan(0);

  const health = new GatewayServiceClient(run.gateway.address, channelCredentials());
  const tracing = () => checkHealth(health, "twinspan.tracing", 1_000);
  await until("health tells it", async () => (await tracing()) === "not serving");
  const ready = await fetch(`http://${run.gateway.opsAddress}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({ degraded: [expect.stringContaining("not now")] });
  expect(await checkHealth(health, "", 1_000)).toBe("serving");

  run.traceWriter.script = () => "take";
  await run.records(20);
  expect(run.traceWriter.repeated).toBe(0);
  await untilMetric(run, "twinspan_outbox_shipped_total", (count) => count === 20);
  await untilMetric(run, "twinspan_outbox_records", (count) => count === 0);
  await until("health tells that it works", async () => (await tracing()) === "serving");
  health.close();
  const lines = run.logged.filter((line) => line.includes("tracing"));
  expect(lines).toEqual([expect.stringContaining("tracing degraded"), expect.stringContaining("tracing works again")]);
});

test("an acknowledgement that is lost makes a record come again, and nothing is there twice", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} }, outbox: { shipMs: 60 } });
  const { traceWriter } = run;
  let lost = 0;
  traceWriter.script = () => {
    lost += 1;
    return lost <= 2 ? "take-and-fail" : lost === 3 ? "stall" : "take";
  };
  await calls(run, 5);
  await run.records(5);
  await untilMetric(run, "twinspan_outbox_shipped_total", (count) => count === 5);
  expect(traceWriter.repeated).toBeGreaterThan(0);
  expect((await run.metrics()).get("twinspan_outbox_retries_total")).toBeGreaterThanOrEqual(3);
});

test("a trace-writer of the release before, to which a record that tells its call says nothing, is sent the twins spelled out", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} } });
  run.traceWriter.knowsCalls = false;
  await calls(run, 5);
  await run.records(5);
  await untilMetric(run, "twinspan_outbox_shipped_total", (count) => count === 5);
  expect((await run.metrics()).get(shed("record", "refused"))).toBe(0);
});

test("an answer that does not speak of every record acknowledges none of them", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} } });
  run.traceWriter.script = () => "forget";
  await calls(run, 3);
  await untilMetric(run, "twinspan_outbox_retries_total", (count) => count >= 2);
  expect((await run.metrics()).get("twinspan_outbox_shipped_total")).toBe(0);
  run.traceWriter.script = () => "take";
  await run.records(3);
  await untilMetric(run, "twinspan_outbox_shipped_total", (count) => count === 3);
});

test("a batch that the trace-writer cannot take in time comes in smaller ones", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} }, outbox: { shipMs: 200 } });
  run.traceWriter.script = () => unavailable;
  await calls(run, 40);
  run.traceWriter.script = (records) => (records.length > 4 ? "stall" : "take");
  await run.records(40);
});

test("a trace-writer that goes away and comes back gets everything", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} } });
  await calls(run, 3);
  await run.records(3);
  const { address } = run.traceWriter;
  await run.traceWriter[Symbol.asyncDispose]();
  await calls(run, 7);
  await untilMetric(run, "twinspan_outbox_degraded", (degraded) => degraded === 1);
  await using again = await startRecordingTraceWriter(address);
  await recordsOf(again, 7);
});

test("of a batch that is refused whole only the record at fault is given up, and counted", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {}, poison: {} } });
  const { traceWriter } = run;
  traceWriter.script = () => unavailable;
  await calls(run, 60);
  await calls(run, 1, "poison");
  await calls(run, 60);
  const before = traceWriter.batches.length;
  traceWriter.script = (records) =>
    records.some(isPoison) ? new ServiceError("invalid_request", "one of these breaks a rule") : "take";
  const records = await run.records(120);
  expect(records.some(isPoison)).toBe(false);
  await untilMetric(run, shed("record", "refused"), (count) => count === 1);
  expect((await run.metrics()).get(shed("payload", "refused"))).toBe(1);
  expect((await run.metrics()).get("twinspan_outbox_shipped_total")).toBe(120);
  // Halved until the one is found, not sent one by one.
  expect(traceWriter.batches.length - before).toBeLessThan(40);
});

test("a record that the trace-writer stumbles over holds up no other, and is not lost", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {}, poison: {} } });
  run.traceWriter.script = () => unavailable;
  await calls(run, 1, "poison");
  await calls(run, 9);
  run.traceWriter.script = (records) => (records.some(isPoison) ? new ServiceError("internal", "a fault") : "take");
  await run.records(9);
  await untilMetric(run, "twinspan_outbox_records", (count) => count === 1);
  run.traceWriter.script = () => "take";
  expect((await run.records(10)).some(isPoison)).toBe(true);
  expect(run.traceWriter.repeated).toBe(0);
  await untilMetric(run, "twinspan_outbox_records", (count) => count === 0);
});

test("a record that is refused with its payload is kept without it", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} } });
  run.traceWriter.script = (records) =>
    records.some(({ payloads }) => payloads.length > 0) ? new ServiceError("request_too_large", "too large") : "take";
  await calls(run, 3);
  const records = await run.records(3);
  expect(records.every(({ payloadShed }) => payloadShed)).toBe(true);
  await untilMetric(run, shed("payload", "refused"), (count) => count === 3);
});

test("at its bound the outbox sheds payloads before records, and calls = delivered + counted", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} }, outbox: { bytesMax: 40_000 } });
  run.traceWriter.script = () => unavailable;
  const made = 80;
  for (let done = 0; done < made; done += 20) {
    const told = await calls(run, 20, "demo", "word ".repeat(400));
    expect(told.every(({ error }) => error === undefined)).toBe(true);
  }
  await until("every record waits, or is counted", async () => {
    const metrics = await run.metrics();
    const dropped = metrics.get(shed("record", "outbox_full")) ?? 0;
    return dropped > 0 && metrics.get("twinspan_outbox_records") === made - dropped;
  });
  expect((await run.metrics()).get("twinspan_outbox_bytes")).toBeLessThanOrEqual(40_000);
  const dropped = (await run.metrics()).get(shed("record", "outbox_full")) ?? 0;
  const payloadsShed = (await run.metrics()).get(shed("payload", "outbox_full")) ?? 0;
  expect(payloadsShed).toBeGreaterThan(0);
  const ready = await fetch(`http://${run.gateway.opsAddress}/readyz`);
  expect(await ready.json()).toMatchObject({ degraded: [expect.stringContaining("outbox.bytesMax")] });

  run.traceWriter.script = () => "take";
  const records = await run.records(made - dropped);
  expect(records.filter(({ payloadShed }) => payloadShed)).toHaveLength(payloadsShed);
  const whole = records.findIndex(({ payloadShed }) => payloadShed);
  expect(records.slice(0, whole).every(({ payloads }) => payloads.length > 0)).toBe(true);
  await calls(run, 1);
  expect((await run.records(made - dropped + 1)).at(-1)?.payloadShed).toBe(false);
  await untilMetric(run, "twinspan_outbox_degraded", (degraded) => degraded === 0);
});

test("an answer does not wait for a slow commit: it goes, counts as late, and is recorded all the same", async () => {
  await using run = await startGatewayRun({ endpoints: { demo: {} }, outbox: { commitWaitMs: 1 } });
  const text = "x".repeat(7_000_000);
  const told = await run.client.invoke({ model: "demo", text });
  expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_UNSPECIFIED);
  const [record] = await run.records(1);
  expect(record?.payloads[0]?.inputs.length).toBeGreaterThan(7_000_000);
  expect((await run.metrics()).get('twinspan_outbox_late_total{write="finish"}')).toBe(1);
});
