import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Postgres, startPostgres } from "../../tools/databases/postgres.ts";
import { freePorts } from "../../tools/free-ports.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { sendSpans } from "../callers/otlp-sender.ts";
import { ServiceProcess } from "../system/service-process.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { startStoredTraces } from "../traces/stored-traces.ts";
import { expectTwins } from "../traces/twins.ts";

const START_MS = 120_000;
const configuration = z.looseObject({ traceWriter: z.looseObject({}) });

let postgres: Postgres;
let stack: Stack;
beforeAll(async () => {
  postgres = await startPostgres();
  const url = await postgres.newDatabase();
  const store = { use: "postgres", postgres: { url } } as const;
  stack = await startStack({ models: ["echo-1"], traceWriter: { store } });
}, START_MS);
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

test("a call's twins are kept in PostgreSQL, adopted through one trace-writer and read through another", async () => {
  await using second = await startSecond(stack.configFile);
  const caller = newCaller();
  const answer = await chat(stack.url, { model: "echo-1", headers: { traceparent: caller.traceparent } });
  const { full, agent } = await expectTwins(stack, answer.traceName, caller, { endpoint: "echo-1" });
  const root = {
    traceId: caller.traceId,
    spanId: caller.spanId,
    name: "answer a question",
    startNanos: full.trace.info?.startTimeUnixNano ?? 0n,
    endNanos: (full.trace.info?.startTimeUnixNano ?? 0n) + 1_000_000_000n,
  };
  await sendSpans({ url: stack.url, traceWriterAddress: second.address }, "gRPC", [root], {
    "x-twinspan-experiment": "agents",
  });
  for (const stored of [stack.stored, second.stored]) {
    const adopted = await stored.get(caller.traceId);
    expect(adopted.info).toMatchObject({ name: "answer a question", spanCount: 3, linkedTraceIds: [answer.traceName] });
    expect(await stored.experimentName(adopted.info?.experimentId ?? "")).toBe("agents");
    expect(await stored.get(full.trace.info?.traceId ?? "")).toEqual(full.trace);
  }
  expect(agent.info?.experimentId).toBe("");
  expect(stack.traceWriter.output).toContain("/twinspan_");
  expect(await stack.traceWriter.metric('twinspan_trace_writer_postgres_connections{state="open"}')).toBeGreaterThan(0);
});

/** Another trace-writer on the same database. */
async function startSecond(configFile: string) {
  const [listen = 0, ops = 0] = await freePorts(2);
  const address = `127.0.0.1:${listen}`;
  const config = configuration.parse(JSON.parse(readFileSync(configFile, "utf8")));
  const file = `${configFile}.second.yaml`;
  const traceWriter = { ...config.traceWriter, listen: address, ops: `127.0.0.1:${ops}` };
  writeFileSync(file, JSON.stringify({ ...config, traceWriter }));
  const service = new ServiceProcess("trace-writer", `http://127.0.0.1:${ops}`, { TWINSPAN_CONFIG: file });
  await service.start();
  const stored = startStoredTraces(address);
  return {
    address,
    stored,
    async [Symbol.asyncDispose]() {
      stored[Symbol.dispose]();
      await service[Symbol.asyncDispose]();
    },
  };
}
