import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAddressGuard } from "../../../services/gateway/providers/address-guard.ts";
import { createHttpClient, type HttpAnswer } from "../../../services/gateway/providers/http-client.ts";
import { until } from "../../../tools/until.ts";

const PIECE = Buffer.alloc(64 * 1024);
const BYTES = 1024 * PIECE.length;
const TIMEOUTS = { connectMs: 5_000, firstByteMs: 20_000, idleMs: 20_000, totalMs: 60_000 };

let answer: (response: ServerResponse) => void;
const server = createServer((_request, response) => answer(response));
const client = createHttpClient(
  { name: "here", connectionsMax: 4, timeouts: TIMEOUTS },
  createAddressGuard(["127.0.0.1"]),
);
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  server.close();
});

function ask(signal = new AbortController().signal): Promise<HttpAnswer> {
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : 0;
  const url = new URL(`http://127.0.0.1:${port}/`);
  return client.request({ method: "GET", url, headers: {}, body: undefined, timeouts: {}, signal });
}

test("an answer that nobody reads is not taken in, and comes whole when it is read", async () => {
  let written = 0;
  answer = (to) => {
    const write = () => {
      while (written < BYTES) {
        written += PIECE.length;
        if (!to.write(PIECE)) return void to.once("drain", write);
      }
      to.end();
    };
    write();
  };
  const { body } = await ask();
  let seen = -1;
  let looksWithoutMore = 0;
  await until("no more is taken in", () => {
    looksWithoutMore = seen === written ? looksWithoutMore + 1 : 0;
    seen = written;
    return looksWithoutMore === 20;
  });
  expect(written).toBeLessThan(BYTES);
  let bytes = 0;
  for await (const piece of body) bytes += piece.length;
  expect(bytes).toBe(BYTES);
});

test("a burst of pieces is read at once", async () => {
  const pieces = Array.from({ length: 100 }, (_, index) => `data: ${index}\n\n`);
  answer = (to) => {
    for (const piece of pieces) to.write(piece);
    to.end();
  };
  const { body } = await ask();
  const read: Buffer[] = [];
  for await (const bytes of body) read.push(bytes);
  expect(Buffer.concat(read).toString()).toBe(pieces.join(""));
  expect(read.length).toBeLessThan(pieces.length / 10);
});

test("what has come of an answer that breaks is read before its error", async () => {
  answer = (to) => {
    to.write("the beginning", () => to.destroy());
  };
  const { body } = await ask();
  expect((await body.next()).value?.toString()).toBe("the beginning");
  await expect(body.next()).rejects.toMatchObject({ kind: "provider_protocol" });
  expect(await body.next()).toEqual({ done: true, value: undefined });
});

test("an answer that is left, though nothing of it was read, is cut", async () => {
  const closed = Promise.withResolvers<void>();
  answer = (to) => {
    to.on("close", closed.resolve);
    to.write("the beginning");
  };
  const { body } = await ask();
  await body.return();
  await closed.promise;
  expect(await body.next()).toEqual({ done: true, value: undefined });
});

test("a request whose caller has gone before it could be sent fails with the caller's reason", async () => {
  const gone = new AbortController();
  const reason = new Error("gone");
  gone.abort(reason);
  await expect(ask(gone.signal)).rejects.toMatchObject({ kind: "provider_unavailable", cause: reason });
});
