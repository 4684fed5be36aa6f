import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { startIngress } from "../../../services/ingress/server.ts";
import { until } from "../../../tools/until.ts";
import { answerPlainly } from "./chat-answers.ts";
import { ExchangedAnswer } from "./exchanged-answer.ts";
import {
  type ScriptedGateway,
  type ScriptedGatewayOptions,
  type SeenCall,
  startScriptedGateway,
} from "./scripted-gateway.ts";

/** Copies of a gateway, and an ingress that reaches them over Exchange. */
interface Copies extends AsyncDisposable {
  readonly copies: readonly ScriptedGateway[];
  readonly url: string;
  /** What the ingress has logged. */
  readonly logged: readonly string[];
}

async function startCopies(count: number, options: ScriptedGatewayOptions = {}): Promise<Copies> {
  await using opened = new AsyncDisposableStack();
  const copies: ScriptedGateway[] = [];
  for (let made = 0; made < count; made += 1) copies.push(opened.use(await startScriptedGateway(options)));
  const gateway = { target: `ipv4:${copies.map(({ address }) => address).join(",")}`, transport: "exchange" };
  const config = configSchema.parse({ ingress: { listen: "127.0.0.1:0", gateway, traceWriter: "127.0.0.1:1" } });
  const logged: string[] = [];
  const log = createLogger("ingress", "info", { write: (line) => void logged.push(line) });
  const ingress = opened.use(await startIngress(config, { log }));
  const owned = opened.move();
  return { copies, url: ingress.url, logged, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function chat(url: string, body: string | Buffer = "{}"): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    body: typeof body === "string" ? body : new Uint8Array(body),
    headers: { "content-type": "application/json" },
  });
}

/** Lets calls wait; what it returns answers those that do. */
function hold(copy: ScriptedGateway): () => void {
  const held: SeenCall[] = [];
  copy.script = (call) => void held.push(call);
  return () => {
    for (const call of held.splice(0)) answerPlainly(call, "{}");
  };
}

test("calls go to the copy that carries least", async () => {
  await using system = await startCopies(3);
  const release = system.copies.map(hold);
  const seen = () => system.copies.map(({ calls }) => calls.length);
  const all = () => seen().reduce((sum, calls) => sum + calls, 0);
  // Until every copy is reached, those that are take all.
  const first: Promise<Response>[] = [];
  await until("every copy is reached", () => {
    first.push(chat(system.url));
    return seen().every((calls) => calls > 0);
  });
  await until("all that were asked have arrived", () => all() === first.length);
  for (const answer of release) answer();
  for (const response of await Promise.all(first)) expect(response.status).toBe(200);

  const before = seen();
  const answers = Array.from({ length: 60 }, () => chat(system.url));
  await until("the sixty have arrived", () => all() === first.length + 60);
  expect(seen().map((calls, index) => calls - (before[index] ?? 0))).toEqual([20, 20, 20]);
  for (const answer of release) answer();
  for (const response of await Promise.all(answers)) expect(response.status).toBe(200);
});

test("a copy that ends gets no further call, and one that comes back in its place is used again", async () => {
  await using system = await startCopies(2);
  const [leaving, staying] = system.copies;
  if (leaving === undefined || staying === undefined) throw new Error("there are two copies");
  const releases = [leaving, staying].map(hold);
  const held: Promise<Response>[] = [];
  await until("both copies are reached", () => {
    held.push(chat(system.url));
    return leaving.calls.length > 0 && staying.calls.length > 0;
  });
  await until("all that were asked have arrived", () => leaving.calls.length + staying.calls.length === held.length);
  const seen = leaving.calls.length;
  staying.script = (call) => answerPlainly(call, "{}");
  // It drains for as long as scripted gateways do, and is then cut.
  const stopped = leaving[Symbol.asyncDispose]();
  await stopped;
  for (let more = 0; more < 20; more += 1) expect((await chat(system.url)).status).toBe(200);
  expect(leaving.calls).toHaveLength(seen);
  for (const answer of releases) answer();
  const statuses = (await Promise.all(held)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 503)).toHaveLength(seen);
  expect(statuses.filter((status) => status === 200)).toHaveLength(held.length - seen);

  await using back = await startScriptedGateway({ listen: leaving.address });
  back.script = (call) => answerPlainly(call, "{}");
  await until("the copy that came back is used", async () => {
    // Several at once, so that the one that carries none is the one to take.
    await Promise.all(Array.from({ length: 4 }, () => chat(system.url)));
    return back.calls.length > 0;
  });
});

test("bodies and answers of many frames arrive byte for byte, side by side", async () => {
  await using system = await startCopies(1);
  const [copy] = system.copies;
  if (copy === undefined) throw new Error("there is a copy");
  copy.script = (call) => answerPlainly(call, call.body.toString("latin1"));
  const bodies = Array.from({ length: 8 }, (_, index) => randomBytes(index * 150_000 + 1).toString("hex"));
  const answers = await Promise.all(bodies.map(async (body) => (await chat(system.url, body)).text()));
  expect(answers.map((answer, index) => answer === bodies[index])).toEqual(bodies.map(() => true));
});

test("while no copy can be reached calls are 503 in words, and the first one goes through once one is there", async () => {
  await using system = await startCopies(1);
  const [copy] = system.copies;
  if (copy === undefined) throw new Error("there is a copy");
  await copy[Symbol.asyncDispose]();
  // For as long as gaps between tries grow.
  for (let call = 0; call < 2; call += 1) {
    const refused = await chat(system.url);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: "unavailable" } });
  }
  await using back = await startScriptedGateway({ listen: copy.address });
  back.script = (call) => answerPlainly(call, "{}");
  expect((await chat(system.url)).status).toBe(200);
});

test("streams that have come of age are left for others, and no call is lost", async () => {
  await using system = await startCopies(1, { streamAgeMaxMs: 50 });
  const [copy] = system.copies;
  if (copy === undefined) throw new Error("there is a copy");
  copy.script = (call) => void setTimeout(() => answerPlainly(call, "{}"), 5);
  const lane = async () => {
    while (copy.streams < 10) expect((await chat(system.url)).status).toBe(200);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
});

test("a copy that does not know Exchange gets calls, as many as others, and streams once it was replaced", async () => {
  await using system = await startCopies(2);
  const [older, newer] = system.copies;
  if (older === undefined || newer === undefined) throw new Error("there are two copies");
  older.knowsExchange = false;
  for (const copy of system.copies) copy.script = (call) => answerPlainly(call, "{}");
  await until("both copies are reached", async () => {
    await Promise.all(Array.from({ length: 4 }, () => chat(system.url)));
    return older.calls.length > 0 && newer.calls.length > 0;
  });
  expect(older.calls.some(({ stream }) => stream instanceof ExchangedAnswer)).toBe(false);
  expect(await fallbackCopies(system.url)).toBe(1);
  expect(system.logged.filter((line) => line.includes("does not know Exchange"))).toHaveLength(1);
  const before = system.copies.map(({ calls }) => calls.length);
  for (let more = 0; more < 20; more += 1) expect((await chat(system.url)).status).toBe(200);
  expect(system.copies.map(({ calls }, index) => calls.length - (before[index] ?? 0))).toEqual([10, 10]);

  await older[Symbol.asyncDispose]();
  await using replaced = await startScriptedGateway({ listen: older.address });
  replaced.script = (call) => answerPlainly(call, "{}");
  await until("the replaced copy is used", async () => {
    expect((await chat(system.url)).status).toBe(200);
    return replaced.calls.length > 0;
  });
  expect(replaced.calls.every(({ stream }) => stream instanceof ExchangedAnswer)).toBe(true);
  expect(await fallbackCopies(system.url)).toBe(0);
});

async function fallbackCopies(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^twinspan_exchange_fallback_copies (\d+)$/m.exec(metrics)?.[1]);
}
