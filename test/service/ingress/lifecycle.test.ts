import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { startIngress } from "../../../services/ingress/server.ts";
import { until } from "../../../tools/until.ts";
import { answerPlainly, beginStream, event, TRACE_NAME } from "./chat-answers.ts";
import { startIngressRun } from "./ingress-run.ts";

test("on disposal what is in flight is finished, though the connection would be kept", async () => {
  await using own = await startIngressRun();
  const arrived = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  own.gateway.script = async (call) => {
    arrived.resolve();
    await release.promise;
    answerPlainly(call, "{}");
  };
  const answer = fetch(`${own.ingress.url}/v1/chat/completions`, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  await arrived.promise;
  const closed = own.ingress[Symbol.asyncDispose]();
  await until("nobody is let in", () =>
    fetch(`${own.ingress.url}/healthz`, { headers: { connection: "close" } }).then(
      () => false,
      () => true,
    ),
  );
  release.resolve();
  expect((await answer).status).toBe(200);
  const closedAt = Date.now();
  await closed;
  expect(Date.now() - closedAt).toBeLessThan(2000);
});

test("on disposal what does not end within the drain limit is cut, and its call with it", async () => {
  await using own = await startIngressRun({}, 200);
  const cancelled = Promise.withResolvers<void>();
  own.gateway.script = (call) => {
    call.stream.on("cancelled", () => cancelled.resolve());
    beginStream(call, event("one"));
  };
  const response = await fetch(`${own.ingress.url}/v1/chat/completions`, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  await own.ingress[Symbol.asyncDispose]();
  await cancelled.promise;
  await expect(response.text()).rejects.toThrow();
});

test("a connection over which nothing was asked yet holds nobody up on disposal", async () => {
  await using own = await startIngressRun({}, 60_000);
  const [host, port] = own.ingress.address.split(":");
  const socket = connect(Number(port), host);
  await once(socket, "connect");
  // An answer on another connection: by then the ingress knows of this one too.
  await (await fetch(`${own.ingress.url}/healthz`)).text();
  const closed = once(socket, "close");
  const startMs = performance.now();
  await own.ingress[Symbol.asyncDispose]();
  await closed;
  expect(performance.now() - startMs).toBeLessThan(5_000);
});

test("an address that is taken is one line that says what to do", async () => {
  await using own = await startIngressRun();
  const config = configSchema.parse({ ingress: { listen: own.ingress.address } });
  await expect(startIngress(config, { log: createLogger("ingress", "silent") })).rejects.toThrow(
    `${own.ingress.address} is taken by another process. Stop it, or set another address in twinspan.yaml.`,
  );
});

test("the access log has ids, route, status and time, and nothing that a caller or a provider wrote", async () => {
  const lines: string[] = [];
  const log = createLogger("ingress", "debug", { write: (line) => void lines.push(line) });
  await using own = await startIngressRun({}, 1000, log);
  own.gateway.script = (call) => answerPlainly(call, "canary-answer", 200, [["x-ratelimit-canary", "canary-limit"]]);
  await fetch(`${own.ingress.url}/v1/chat/completions?key=canary-query`, {
    method: "POST",
    body: "canary-body",
    headers: { "content-type": "application/json", authorization: "canary-key", "x-twinspan-user-id": "canary-user" },
  }).then((response) => response.text());
  await until("the call is logged", () => lines.some((line) => line.includes('"route"')));
  expect(lines.join("")).not.toContain("canary");
  expect(JSON.parse(lines.find((line) => line.includes('"route"')) ?? "{}")).toMatchObject({
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    traceId: TRACE_NAME,
    route: "/v1/chat/completions",
    status: 200,
    ms: expect.any(Number),
  });
});
