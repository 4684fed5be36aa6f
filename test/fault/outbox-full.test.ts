import { expect, test } from "vitest";
import { TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import { until } from "../../tools/until.ts";
import { newCaller } from "../callers/caller.ts";
import { type ChatAnswer, chat } from "../callers/chat.ts";
import { startStack } from "../system/stack.ts";
import { attributeOf, spansOf } from "../traces/stored-traces.ts";

const CALLS = 60;

test("an outbox that is full sheds payloads before records, and counts every one", async () => {
  await using stack = await startStack({ models: ["echo-1"], outbox: { bytesMax: 24 * 1024 } });
  const metric = (line: string) => stack.gateway.metric(line);
  await stack.traceWriter.kill();
  const answers: ChatAnswer[] = [];
  // One after the other, so that it is known in which order they came into the outbox.
  for (let made = 0; made < CALLS; made += 1) {
    answers.push(await chat(stack.url, { model: "echo-1", headers: { traceparent: newCaller().traceparent } }));
  }
  expect(answers.filter(({ status, isComplete }) => status !== 200 || !isComplete)).toEqual([]);
  const shedRecords = () => metric('twinspan_outbox_shed_total{what="record",reason="outbox_full"}');
  const shedPayloads = () => metric('twinspan_outbox_shed_total{what="payload",reason="outbox_full"}');
  const waiting = () => metric("twinspan_outbox_records");
  await until("every call waits or is counted", async () => (await waiting()) + (await shedRecords()) === CALLS);
  expect(await metric("twinspan_outbox_bytes")).toBeLessThanOrEqual(24 * 1024);

  await stack.traceWriter.start();
  await until("the outbox is empty", async () => (await waiting()) === 0);
  const kept: ("whole" | "without payload" | "nothing")[] = [];
  for (const { traceName = "" } of answers) {
    const trace = await stack.stored.find(traceName, TraceView.TRACE_VIEW_FULL);
    const [root] = trace === undefined ? [] : spansOf(trace);
    if (root === undefined) kept.push("nothing");
    else kept.push(attributeOf(root, "mlflow.spanInputs") === undefined ? "without payload" : "whole");
  }
  const count = (what: (typeof kept)[number]) => kept.filter((one) => one === what).length;
  expect(count("whole")).toBeGreaterThan(0);
  expect(count("without payload")).toBe(await shedPayloads());
  expect(count("without payload")).toBeGreaterThan(0);
  expect(count("nothing")).toBe(await shedRecords());
  expect(count("nothing")).toBeGreaterThan(0);
  // First whole, then without their payload, then not at all.
  expect(kept.indexOf("without payload")).toBe(kept.lastIndexOf("whole") + 1);
  expect(kept.indexOf("nothing")).toBeGreaterThan(kept.indexOf("without payload"));

  // With room again a call is recorded whole.
  const next = await chat(stack.url, { model: "echo-1" });
  const [root] = spansOf(await stack.stored.get(next.traceName ?? ""));
  expect(root && attributeOf(root, "mlflow.spanInputs")).toBeDefined();
}, 60_000);
