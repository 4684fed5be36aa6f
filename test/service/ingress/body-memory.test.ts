import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Metadata } from "@grpc/grpc-js";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { expect, test } from "vitest";
import type { OutgoingInvocation } from "../../../services/ingress/core/invocations.ts";
import { WaitingInvocation } from "../../../services/ingress/exchange/waiting-invocation.ts";
import { until } from "../../../tools/until.ts";
import { startIngressRun } from "./ingress-run.ts";

const BODY_BYTES = 4 * 1024 * 1024;
/** The socket keeps what it read last. */
const KEPT_PIECES_MAX = 2;

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");

/** How many of these something still holds. */
function heldOf(all: readonly WeakRef<object>[]): number {
  if (typeof collectGarbage !== "function") throw new Error("Node gives no gc()");
  collectGarbage();
  return all.filter((one) => one.deref() !== undefined).length;
}

/** The memory of each piece of a body that comes to `path`, as the server reads it. */
function watchPieces(path: string) {
  const pieces: WeakRef<object>[] = [];
  const watch = (message: unknown) => {
    if (typeof message !== "object" || message === null || !("request" in message)) return;
    const { request } = message;
    if (!(request instanceof IncomingMessage) || request.url !== path) return;
    const onListener = (name: string | symbol) => {
      if (name !== "data") return;
      request.off("newListener", onListener);
      request.on("data", (piece: Buffer) => pieces.push(new WeakRef(piece.buffer)));
    };
    request.on("newListener", onListener);
  };
  subscribe("http.server.request.start", watch);
  return { pieces, [Symbol.dispose]: () => unsubscribe("http.server.request.start", watch) };
}

test("nothing of a body stays in the ingress once the gateway answers, however long its answer is", async () => {
  await using run = await startIngressRun();
  using watched = watchPieces("/v1/chat/completions");
  run.gateway.script = ({ stream }) => {
    stream.sendMetadata(new Metadata());
    stream.write({ head: { status: 200, headers: [] }, chunk: Buffer.from("first"), summary: undefined });
  };
  const abort = new AbortController();
  const response = await fetch(`${run.ingress.url}/v1/chat/completions`, {
    method: "POST",
    body: new Uint8Array(BODY_BYTES),
    headers: { "content-type": "application/json" },
    signal: abort.signal,
  });
  expect([response.status, await run.metric("twinspan_ingress_body_bytes")]).toEqual([200, 0]);
  expect(watched.pieces.length).toBeGreaterThan(10 * KEPT_PIECES_MAX);
  await until("the pieces are collected", () => heldOf(watched.pieces) <= KEPT_PIECES_MAX);
  abort.abort();
});

test("an invocation that waited for a way keeps nothing of its body when it is on it", async () => {
  const { waiting, unsent } = beginWaiting();
  expect(heldOf([unsent])).toBe(1);
  waiting.go({ load: 0, begin: () => ({ pause() {}, resume() {}, cancel() {} }) });
  await until("the body is collected", () => heldOf([unsent]) === 0);
  waiting.resume();
});

/** Apart from the test, which would keep what is waited with. */
function beginWaiting() {
  const unsent = outgoing();
  const waiting = new WaitingInvocation(unsent, { onMetadata() {}, onMessage() {}, onEnd() {} }, () => {});
  return { waiting, unsent: new WeakRef(unsent) };
}

function outgoing(): OutgoingInvocation {
  return {
    invocation: { dialect: 1, endpoint: "demo", target: undefined, headers: [], credentials: [] },
    body: { pieces: [Buffer.alloc(1)], bytes: 1 },
    metadata: [],
    caller: ROOT_CONTEXT,
    deadline: Date.now() + 60_000,
  };
}
