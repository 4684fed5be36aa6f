import { createServer, type RequestListener } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import type { Load } from "../../../bench/load/load.ts";
import { startLoadGenerator } from "../../../bench/load/load-generator.ts";

const generator = startLoadGenerator();
afterAll(() => generator[Symbol.asyncDispose]());

const LOAD: Omit<Load, "port"> = {
  path: "/",
  headers: {},
  body: "{}",
  connections: 1,
  spreadMs: 0,
  seconds: 0.2,
  perSecond: undefined,
  answer: "plain",
  withContext: true,
};

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    [Symbol.asyncDispose]: async () => void server.close().closeAllConnections(),
  };
}

test("each request carries a trace context of its own, and each answer counts once, by what was wrong with it", async () => {
  const contexts: unknown[] = [];
  await using server = await serve((request, response) => {
    contexts.push(request.headers["traceparent"]);
    request.resume();
    if (contexts.length % 4 === 1) response.end("{}");
    else if (contexts.length % 4 === 2) response.writeHead(503).end();
    else if (contexts.length % 4 === 3) response.write("data: a\n\n", () => response.destroy());
    else response.write("whole", () => response.end());
  });
  const { calls, errors } = await generator.run({ ...LOAD, port: server.port });
  expect(new Set(contexts).size).toBe(contexts.length);
  expect(contexts.every((context) => /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/.test(String(context)))).toBe(
    true,
  );
  const times = (remainders: readonly number[]) =>
    contexts.filter((_, index) => remainders.includes((index + 1) % 4)).length;
  expect(calls).toBe(times([0, 1]));
  expect(errors).toEqual({ "status 503": times([2]), cut: times([3]) });
});

test("a stream counts when it came to its end, and the time between its events is told", async () => {
  await using server = await serve(async (request, response) => {
    request.resume();
    response.write("data: a\n\n");
    await pause(30);
    response.end(request.url === "/whole" ? "data: [DONE]\n\n" : "data: b\n\n");
  });
  const streams = { ...LOAD, port: server.port, answer: "paced" } as const;
  const whole = await generator.run({ ...streams, path: "/whole" });
  expect(whole.errors).toEqual({});
  expect(whole.gapMs.p50).toBeGreaterThan(25);
  const broken = await generator.run({ ...streams, path: "/broken" });
  expect(broken).toMatchObject({ calls: 0, errors: { "stream without its end": expect.any(Number) } });
});

test("in an open loop the time that a request waits for a connection is its own", async () => {
  let asked = 0;
  await using server = await serve(async (request, response) => {
    request.resume();
    asked += 1;
    if (asked === 1) await pause(300);
    response.end("{}");
  });
  const { calls, latencyMs } = await generator.run({ ...LOAD, port: server.port, perSecond: 100 });
  expect(calls).toBe(20);
  // All were due within the first 200 ms, and none was answered before 300.
  expect(latencyMs.p50).toBeGreaterThan(150);
});

test("where nobody listens, that is what is told", async () => {
  await using server = await serve(() => {});
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const { calls, errors } = await generator.run({ ...LOAD, seconds: 0.05, port });
  expect(calls).toBe(0);
  expect(Object.keys(errors)).toEqual(["cut"]);
});
