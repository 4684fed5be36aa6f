import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../../tools/until.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";

const KIB = 1024;
/** What the bodies of the tests hold: more than half of the budget. */
const BODY_BYTES = 40 * KIB;

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun({ bodiesBytesMax: 64 * KIB });
});
afterAll(() => run[Symbol.asyncDispose]());

const held = () => run.metric("twinspan_ingress_body_bytes");
const refused = () => run.metric("twinspan_ingress_bodies_refused_total");

/** Sends most of a body and keeps the rest back. */
async function holdBody() {
  const { hostname, port } = new URL(run.ingress.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${BODY_BYTES + 1}\r\n\r\n`,
  );
  socket.write(Buffer.alloc(BODY_BYTES, " "));
  await until("the body counts", async () => (await held()) === BODY_BYTES);
  return socket;
}

function post(body: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${run.ingress.url}/v1/traces`, {
    method: "POST",
    body: new Uint8Array(body),
    headers: { "content-type": "application/json", ...headers },
  });
}

test("bodies that together are too many are refused, to come again, and room comes back when a client hangs up", async () => {
  const socket = await holdBody();
  const before = await refused();
  const body = Buffer.from("{}".padEnd(BODY_BYTES));
  const answer = await post(body);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await answer.text()).toContain("ingress.limits.bodiesBytesMax");
  expect(await refused()).toBe(before + 1);
  expect(await held()).toBe(BODY_BYTES);
  socket.destroy();
  await once(socket, "close");
  await until("nothing is held", async () => (await held()) === 0);
  expect((await post(body)).status).toBe(200);
  await until("nothing is held", async () => (await held()) === 0);
});

test("a body counts as what it is decompressed", async () => {
  const socket = await holdBody();
  const bomb = gzipSync(Buffer.from("{}".padEnd(BODY_BYTES)));
  expect(bomb.length).toBeLessThan(KIB);
  expect((await post(bomb, { "content-encoding": "gzip" })).status).toBe(503);
  socket.destroy();
  await until("nothing is held", async () => (await held()) === 0);
  expect((await post(bomb, { "content-encoding": "gzip" })).status).toBe(200);
});

test("one body alone has room, up to its own limit", async () => {
  expect((await post(Buffer.from("{}".padEnd(3 * BODY_BYTES)))).status).toBe(200);
});
