import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLogger } from "#lib/logger.ts";
import { startOutbox } from "../../../services/gateway/outbox/outbox.ts";
import { until } from "../../../tools/until.ts";
import { startRecordingTraceWriter } from "../../neighbours/recording-trace-writer.ts";
import { configOf } from "../../system/start-gateway.ts";
import { sampleInvocation, sampleRecord } from "./sample-record.ts";

const MiB = 1024 * 1024;

test("what waits for a slow disk is bounded: payloads are shed before records, and calls = delivered + counted", async () => {
  await using traceWriter = await startRecordingTraceWriter();
  const directory = await mkdtemp(join(tmpdir(), "twinspan-backlog-"));
  await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
  const { outbox: options } = configOf(
    { endpoints: {} },
    join(directory, "outbox.db"),
    "http://127.0.0.1:1/v1",
    "127.0.0.1:1",
  ).gateway;
  const log = createLogger("gateway", "silent");
  await using outbox = await startOutbox(
    { outbox: options, traceWriter: traceWriter.address, peerTls: undefined },
    log,
  );

  // In one turn of the event loop, so that nothing of it can have been committed.
  const calls = 48;
  const text = Buffer.alloc(4 * MiB, "x");
  const written = Array.from({ length: calls }, () => {
    const call = sampleInvocation();
    return outbox.finish(call, sampleRecord(call, text));
  });
  await Promise.all(written);
  await until("all records have come", () => traceWriter.records.length === calls);
  const shed = traceWriter.records.filter(({ payloadShed }) => payloadShed);
  expect(shed).toHaveLength(calls - 31);
  await until("what was shed is counted", () => outbox.state().shed["payload:backlog"] === shed.length);
  expect(traceWriter.refusals).toEqual([]);
});
