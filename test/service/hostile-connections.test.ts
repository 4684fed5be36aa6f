import { once } from "node:events";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { errorInfoOf, retryDelayMsOf } from "../callers/told.ts";
import { startGatewayRun } from "../system/start-gateway.ts";
import { FLOODS, startFlood } from "./frame-flood.ts";

const CALL = {
  ":method": "POST",
  ":path": "/twinspan.gateway.v1.GatewayService/Invoke",
  "content-type": "application/grpc",
  te: "trailers",
};

/** A session of a client that does as it likes. */
async function openSession(address: string): Promise<ClientHttp2Session> {
  const session = connect(`http://${address}`);
  session.on("error", () => {});
  await once(session, "remoteSettings");
  return session;
}

test("who opens calls and resets them as fast as it can is thrown out, and others are served", async () => {
  await using run = await startGatewayRun({ endpoints: { echo: {} } });
  const hostile = await openSession(run.gateway.address);
  const thrownOut = new Promise((resolve) => hostile.once("close", resolve));
  let opened = 0;
  while (!hostile.closed && !hostile.destroyed && opened < 50_000) {
    const stream = hostile.request(CALL);
    stream.on("error", () => {});
    stream.close(constants.NGHTTP2_CANCEL);
    opened += 1;
    if (opened % 500 === 0) await new Promise(setImmediate);
  }
  await thrownOut;
  expect(opened).toBeLessThan(50_000);
  expect((await run.client.invoke({ model: "echo" })).error).toBeUndefined();
  await until("nothing is left of it", async () => (await run.metrics()).get("twinspan_admitted_calls") === 0);
});

const MiB = 1024 * 1024;

test.each(["PING", "SETTINGS"] as const)(
  "a flood of %s frames holds no memory: who takes no answers is thrown out, and meanwhile others are served",
  async (kind) => {
    await using run = await startGatewayRun({ endpoints: { echo: {} } });
    const { address } = run.gateway;
    expect((await run.client.invoke({ model: "echo" })).error).toBeUndefined();
    const before = process.memoryUsage();
    using deaf = await startFlood(address, FLOODS[kind], { times: 400_000, reads: false });
    using polite = await startFlood(address, FLOODS[kind], { times: 200_000, reads: true });
    const told = await Promise.all(Array.from({ length: 20 }, () => run.client.invoke({ model: "echo" })));
    expect(told.map(({ error }) => error)).toEqual(told.map(() => undefined));
    expect(await deaf.isThrownOut).toBe(true);
    // Whoever takes them may be thrown out, too, where it takes them too slowly.
    await polite.isThrownOut;
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(128 * MiB);
    expect((await run.client.invoke({ model: "echo" })).error).toBeUndefined();
  },
);

test("metadata without end is refused by the connection, and others are served", async () => {
  await using run = await startGatewayRun({ endpoints: { echo: {} } });
  const hostile = await openSession(run.gateway.address);
  const headers = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, "a".repeat(1_000)]));
  const stream = hostile.request({ ...CALL, ...headers });
  stream.on("error", () => {});
  await new Promise((resolve) => stream.once("close", resolve));
  expect(stream.rstCode).not.toBe(constants.NGHTTP2_NO_ERROR);
  hostile.destroy();
  expect((await run.client.invoke({ model: "echo" })).error).toBeUndefined();
});

test("beyond what it takes on, a gateway refuses calls, answers for its health, and those under way go on", async () => {
  await using run = await startGatewayRun({
    endpoints: { held: { behaviour: { stallAfterChunks: 1 } }, echo: {} },
    limits: { callsMax: 2 },
  });
  const hangUp = new AbortController();
  const held = Array.from({ length: 2 }, () =>
    run.client.stream({ model: "held", stream: true, signal: hangUp.signal }),
  );
  await until("both are under way", async () => (await run.metrics()).get("twinspan_calls_in_flight") === 2);
  const refused = await run.client.invoke({ model: "echo" });
  expect(refused.error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(refused.error?.details).toContain("2 calls are under way (gateway.limits.callsMax)");
  expect(errorInfoOf(refused).reason).toBe("OVERLOADED");
  expect(retryDelayMsOf(refused)).toBe(1_000);
  const metrics = await run.metrics();
  expect(metrics.get('twinspan_calls_shed_total{reason="calls"}')).toBe(1);
  const health = await (await fetch(`http://${run.gateway.opsAddress}/readyz`)).json();
  expect(health).toMatchObject({ status: "ready", degraded: [expect.stringMatching(/^overloaded: /)] });
  hangUp.abort();
  await Promise.all(held);
  expect((await run.client.invoke({ model: "echo" })).error).toBeUndefined();
});

test("connections beyond their number are closed as they come, and counted", async () => {
  await using run = await startGatewayRun({ endpoints: { echo: {} }, limits: { connectionsMax: 2 } });
  expect((await run.client.invoke({ model: "echo" })).error).toBeUndefined();
  const [host = "", port] = run.gateway.address.split(":");
  const open = () => connectTcp(Number(port), host).on("error", () => {});
  const second = open();
  await once(second, "connect");
  const third = open();
  await once(third, "close");
  expect((await run.metrics()).get("twinspan_connections_refused_total")).toBe(1);
  second.destroy();
});
