import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { until } from "../../../tools/until.ts";
import { answerPlainly, beginStream, completion, piece } from "./chat-answers.ts";
import { startIngressRun } from "./ingress-run.ts";
import { sendRaw, sendRawChat } from "./raw-http.ts";
import type { SeenCall } from "./scripted-gateway.ts";

const CHUNK = Buffer.alloc(64 * 1024, 0x61);

const answerWhole = (call: SeenCall) => answerPlainly(call, completion("hello"));

function openSocket(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}

/** The head of a call whose body is large and never sent. */
const bodiless = (path: string) => [
  `POST ${path} HTTP/1.1`,
  "host: x",
  "content-type: application/json",
  "content-length: 1000000",
];

test("beyond what it takes on, an ingress refuses calls before their bodies, in their dialects, and those under way go on", async () => {
  await using run = await startIngressRun({ callsMax: 3 });
  run.gateway.script = () => {};
  const held = Array.from({ length: 3 }, () => sendRawChat(run.ingress.url, []));
  await until("three calls are held", () => run.gateway.calls.length === 3);

  for (const [path, type] of [
    ["/v1/embeddings", '"code":"overloaded"'],
    ["/anthropic/v1/messages", '"type":"overloaded_error"'],
    ["/gemini/v1beta/models/demo:generateContent", '"status":"RESOURCE_EXHAUSTED"'],
  ] as const) {
    const answer = await sendRaw(run.ingress.url, bodiless(path));
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/\r\nretry-after: 1\r\n/);
    expect(answer).toContain(type);
    expect(answer).toContain("ingress.limits.callsMax");
  }
  expect(run.gateway.calls).toHaveLength(3);
  expect(await run.metric('twinspan_calls_shed_total{reason="calls"}')).toBe(3);
  const readiness = await (await fetch(`${run.ingress.url}/readyz`)).json();
  expect(readiness).toMatchObject({
    status: "ready",
    degraded: [expect.stringMatching(/^overloaded: calls are turned/)],
  });

  for (const call of run.gateway.calls) answerWhole(call);
  for (const answer of await Promise.all(held)) expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  run.gateway.script = answerWhole;
  expect(await sendRawChat(run.ingress.url, [])).toMatch(/^HTTP\/1\.1 200 /);
});

test("a flood costs what is let in nothing but its own time, and every call is answered", async () => {
  await using run = await startIngressRun({ callsMax: 20 });
  run.gateway.script = (call) => void setTimeout(() => answerWhole(call), 20);
  const answers = await Promise.all(Array.from({ length: 400 }, () => sendRawChat(run.ingress.url, [])));
  const withStatus = (status: number) => answers.filter((answer) => answer.startsWith(`HTTP/1.1 ${status} `)).length;
  expect(withStatus(200) + withStatus(503)).toBe(400);
  expect(withStatus(200)).toBe(run.gateway.calls.length);
  expect(withStatus(200)).toBeGreaterThanOrEqual(20);
  expect(await run.metric('twinspan_calls_shed_total{reason="calls"}')).toBe(withStatus(503));
});

test("more headers than there may be are refused by number, not dropped", async () => {
  await using run = await startIngressRun({ headersMax: 10 });
  const headers = Array.from({ length: 10 }, (_, index) => `x-${index}: 1`);
  const answer = await sendRawChat(run.ingress.url, headers);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer).toContain("ingress.limits.headersMax");
});

test("who sends a head, or a body, too slowly is told so and cut", async () => {
  await using run = await startIngressRun({ headMs: 100, requestMs: 300 });
  for (const sent of [
    "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n",
    `${bodiless("/v1/chat/completions").join("\r\n")}\r\n\r\n{`,
  ]) {
    const socket = openSocket(run.ingress.url);
    socket.write(sent);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  }
});

test("who takes nothing of an answer for too long is cut, and the call with it", async () => {
  await using run = await startIngressRun({ stallMs: 100 });
  const cancelled = Promise.withResolvers<void>();
  run.gateway.script = async (call) => {
    call.stream.once("cancelled", () => cancelled.resolve());
    beginStream(call, "");
    while (!call.stream.cancelled) {
      if (!call.stream.write(piece(CHUNK))) await Promise.race([once(call.stream, "drain"), cancelled.promise]);
    }
  };
  const socket = openSocket(run.ingress.url);
  socket.on("error", () => {});
  socket.pause();
  socket.write(
    "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
  );
  await cancelled.promise;
  expect(await run.metric("twinspan_ingress_stalled_readers_total")).toBe(1);
  socket.destroy();
});

test("connections beyond their number are closed as they come, and counted", async () => {
  await using run = await startIngressRun({ connectionsMax: 2 });
  const sockets = [openSocket(run.ingress.url), openSocket(run.ingress.url)];
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  const third = openSocket(run.ingress.url);
  third.on("error", () => {});
  await once(third, "close");
  for (const socket of sockets) {
    socket.destroy();
    await once(socket, "close");
  }
  await until(
    "the refused connection is counted",
    async () => (await run.metric("twinspan_connections_refused_total").catch(() => 0)) >= 1,
  );
});
