import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { status } from "@grpc/grpc-js";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { DEFAULT_PEERS } from "#lib/config/sections/peers.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { countExchange } from "#lib/rpc/exchange-metrics.ts";
import { GatewayServiceClient } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { Exchange } from "../../../services/ingress/exchange/exchange.ts";
import type { ExchangeOptions } from "../../../services/ingress/exchange/exchange-options.ts";
import { RECONNECT } from "../../../services/ingress/exchange/gateway-copy.ts";
import { until } from "../../../tools/until.ts";
import { answerPlainly } from "./chat-answers.ts";
import { ExchangedAnswer } from "./exchanged-answer.ts";
import { type ScriptedGateway, type SeenCall, startScriptedGateway } from "./scripted-gateway.ts";

/** Streams to the addresses that `lookUp` says now, looked up every 20 ms. */
function exchangeTo(lookUp: () => readonly ScriptedGateway[], more: Partial<ExchangeOptions> = {}): Exchange {
  const options = { ...channelOptions(1024 * 1024), "grpc.use_local_subchannel_pool": 1 };
  const clientFor = (address: string) => new GatewayServiceClient(address, channelCredentials(), options);
  return new Exchange({
    addresses: {
      authority: undefined,
      mayChange: true,
      lookUp: async () => lookUp().map(({ address }) => `ipv4:${address}`),
    },
    createStreamClient: clientFor,
    createCallClient: clientFor,
    pieceBytesMax: 1024 * 1024,
    count: countExchange(new Registry()),
    fallbacks: { onBegin() {}, onEnd() {} },
    peers: { ...DEFAULT_PEERS, lookUpMs: 20 },
    ...more,
  });
}

/** Makes an invocation, and returns its answer's body. */
function ask(exchange: Exchange): Promise<string> {
  const invocation = {
    dialect: Dialect.DIALECT_OPENAI_CHAT,
    endpoint: "",
    target: undefined,
    headers: [],
    credentials: [],
  };
  const body = { pieces: [Buffer.from("{}")], bytes: 2 };
  const outgoing = { invocation, body, metadata: [], caller: ROOT_CONTEXT, deadline: Date.now() + 60_000 };
  return new Promise((resolve, reject) => {
    let body = "";
    exchange.begin(outgoing, {
      onMetadata() {},
      onMessage: ({ chunk }) => {
        body += chunk.toString();
      },
      onEnd: (failure) => (failure === undefined ? resolve(body) : reject(failure)),
    });
  });
}

const answer = (call: SeenCall) => answerPlainly(call, "{}");

test("addresses that a name gains are used, and those that it loses are left when their calls are over", async () => {
  await using first = await startScriptedGateway();
  await using second = await startScriptedGateway();
  for (const copy of [first, second]) copy.script = answer;
  let known = [first];
  let lookUps = 0;
  using exchange = exchangeTo(() => {
    lookUps += 1;
    return known;
  });
  expect(await ask(exchange)).toBe("{}");
  known = [first, second];
  await until("the second copy is used", async () => {
    await ask(exchange);
    return second.calls.length > 0;
  });

  const held: SeenCall[] = [];
  first.script = (call) => void held.push(call);
  const asked = [ask(exchange), ask(exchange)];
  await until("one is held by the copy that goes", () => held.length === 1);
  known = [second];
  const before = lookUps;
  await until("it has been looked up again", () => lookUps > before + 1);
  for (let more = 0; more < 10; more += 1) expect(await ask(exchange)).toBe("{}");
  expect(held).toHaveLength(1);
  for (const call of held) answer(call);
  for (const body of await Promise.all(asked)) expect(body).toBe("{}");
});

test("what is more than a stream carries goes on a further one", async () => {
  await using copy = await startScriptedGateway();
  const held: SeenCall[] = [];
  copy.script = (call) => void held.push(call);
  using exchange = exchangeTo(() => [copy]);
  const asked = Array.from({ length: 2_001 }, () => ask(exchange));
  await until("all are held", () => held.length === asked.length, 30_000);
  expect(copy.streams).toBeGreaterThan(2);
  for (const call of held) answer(call);
  for (const body of await Promise.all(asked)) expect(body).toBe("{}");
});

test("a copy that did not know Exchange is tried again after a while", async () => {
  await using copy = await startScriptedGateway();
  copy.script = answer;
  copy.knowsExchange = false;
  using exchange = exchangeTo(() => [copy], { tryAgainMs: 50 });
  expect(await ask(exchange)).toBe("{}");
  expect(copy.streams).toBe(0);
  copy.knowsExchange = true;
  await until("Exchange is tried again", async () => {
    await ask(exchange);
    return copy.calls.at(-1)?.stream instanceof ExchangedAnswer;
  });
});

test("a copy that fails nearly all of its invocations is left alone for a while", async () => {
  await using good = await startScriptedGateway();
  await using bad = await startScriptedGateway();
  good.script = answer;
  bad.script = ({ stream }) => void stream.emit("error", { code: status.INTERNAL, details: "as told" });
  const outliers = { failedPercent: 90, callsMin: 5, everyMs: 100, leftAloneMs: 200 };
  using exchange = exchangeTo(() => [good, bad], { peers: { lookUpMs: 20, outliers } });
  await until("the bad copy is left alone", async () => {
    const before = bad.calls.length;
    await Promise.allSettled(Array.from({ length: 12 }, () => ask(exchange)));
    return bad.calls.length === before && before > 0;
  });
  bad.script = answer;
  await until("the bad copy is tried with one call", async () => {
    const before = bad.calls.length;
    for (let more = 0; more < 2; more += 1) await ask(exchange);
    return bad.calls.length === before + 1;
  });
});

/** One address behind which connections are handed to several servers: in the order given, then in turn. */
async function startOneAddress(servers: readonly ScriptedGateway[], order: readonly number[]) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const port = createServer((socket) => {
    const at = order[connections] ?? connections % servers.length;
    connections += 1;
    const onward = connect(Number(servers[at]?.address.split(":").at(-1)), "127.0.0.1");
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.on("error", () => {});
    }
    socket.pipe(onward).pipe(socket);
    socket.on("close", () => onward.destroy());
    onward.on("close", () => socket.destroy());
  });
  port.listen(0, "127.0.0.1");
  await once(port, "listening");
  const bound = port.address();
  return {
    address: `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`,
    get connections() {
      return connections;
    },
    [Symbol.dispose]() {
      port.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

test("each worker of a copy has one connection, whichever worker connections come to, and calls are spread over them", async () => {
  await using owned = new AsyncDisposableStack();
  const count = 3;
  const startWorker = async (number: number, listen = "127.0.0.1:0") => {
    const worker = owned.use(await startScriptedGateway({ place: { number, count }, listen }));
    worker.script = answer;
    return worker;
  };
  const workers = await Promise.all([0, 1, 2].map((number) => startWorker(number)));
  // Others connect meanwhile, so that the first three come to the same worker.
  using copy = await startOneAddress(workers, [0, 0, 0, 1, 0, 2]);
  const addresses = { authority: undefined, mayChange: false, lookUp: async () => [`ipv4:${copy.address}`] };
  using exchange = exchangeTo(() => [], { addresses });
  await until("every worker has a stream", () => workers.every(({ streams }) => streams > 0));
  expect(copy.connections).toBe(6);
  for (let calls = 0; calls < 30; calls += 1) expect(await ask(exchange)).toBe("{}");
  expect(workers.map(({ calls }) => calls.length)).toEqual([10, 10, 10]);

  // One dies and comes again: until then the others serve, and then it has its share.
  const [, dying] = workers;
  await dying?.[Symbol.asyncDispose]();
  for (let calls = 0; calls < 10; calls += 1) expect(await ask(exchange)).toBe("{}");
  const again = await startWorker(1, dying?.address);
  await until(
    "the worker that came again is used",
    async () => (await ask(exchange)) === "{}" && again.calls.length > 0,
  );
  const before = again.calls.length;
  for (let calls = 0; calls < 30; calls += 1) expect(await ask(exchange)).toBe("{}");
  expect(again.calls.length - before).toBe(10);
});

test("a copy that lets connect, and then ends each connection, is tried less and less often", async () => {
  const triedAtMs: number[] = [];
  await using port = createServer((socket) => {
    triedAtMs.push(performance.now());
    socket.destroy();
  });
  port.listen(0, "127.0.0.1");
  await once(port, "listening");
  const bound = port.address();
  const address = `ipv4:127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
  using _exchange = exchangeTo(() => [], {
    addresses: { authority: undefined, mayChange: false, lookUp: async () => [address] },
    createStreamClient: (to) => new GatewayServiceClient(to, channelCredentials(), RECONNECT),
  });
  await until("it was tried six times", () => triedAtMs.length >= 6);
  const [firstMs = 0, , , , , sixthMs = 0] = triedAtMs;
  // 500 to 600 where gaps do not grow.
  expect(sixthMs - firstMs).toBeGreaterThan(1_000);
});
