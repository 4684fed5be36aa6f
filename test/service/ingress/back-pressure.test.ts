import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../../tools/until.ts";
import { beginStream, piece } from "./chat-answers.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";

const MIB = 1024 * 1024;
/** One flow-control window of gRPC, what sockets hold on both hops, and the messages in between. */
const HELD_BYTES_MAX = 24 * MIB;
const CHUNK = Buffer.alloc(64 * 1024, 0x61);

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun();
});
afterAll(() => run[Symbol.asyncDispose]());

/** Calls a model over a socket that reads nothing. */
function callWithoutReading() {
  const { hostname, port } = new URL(run.ingress.url);
  const socket = connect(Number(port), hostname);
  socket.pause();
  socket.write(
    "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n" +
      "connection: close\r\n\r\n{}",
  );
  return socket;
}

test("a reader that stands still makes the gateway stand still, and then gets everything", async () => {
  const chunks = 1024;
  let written = 0;
  let lastWriteMs = Date.now();
  run.gateway.script = async (call) => {
    beginStream(call, "");
    for (; written < chunks; written += 1) {
      lastWriteMs = Date.now();
      if (!call.stream.write(piece(CHUNK))) await once(call.stream, "drain");
    }
    call.stream.end();
  };
  const socket = callWithoutReading();
  await until("the gateway has stopped writing", () => written > 0 && Date.now() - lastWriteMs > 500, 20_000);
  expect(written * CHUNK.length).toBeLessThan(HELD_BYTES_MAX);
  expect(written).toBeLessThan(chunks);

  let received = 0;
  socket.on("data", (part) => {
    received += part.length;
  });
  socket.resume();
  await once(socket, "close");
  expect(written).toBe(chunks);
  expect(received).toBeGreaterThan(chunks * CHUNK.length);
});

test("a reader that hangs up while it stands still cancels the call", async () => {
  const cancelled = Promise.withResolvers<void>();
  let written = 0;
  let lastWriteMs = Date.now();
  run.gateway.script = async (call) => {
    call.stream.on("cancelled", () => cancelled.resolve());
    beginStream(call, "");
    while (!call.stream.cancelled) {
      written += 1;
      lastWriteMs = Date.now();
      if (!call.stream.write(piece(CHUNK))) await once(call.stream, "drain").catch(() => {});
    }
  };
  const socket = callWithoutReading();
  await until("the gateway has stopped writing", () => written > 0 && Date.now() - lastWriteMs > 300, 20_000);
  socket.destroy();
  await cancelled.promise;
});
