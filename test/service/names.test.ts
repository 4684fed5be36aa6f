import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_PEERS, type PeerSettings } from "#lib/config/sections/peers.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { lookUp, namedHostsOf } from "#lib/rpc/named-hosts.ts";
import { TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import {
  type GetTraceResponse,
  TraceReaderServiceClient,
  TraceReaderServiceService,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { until } from "../../tools/until.ts";
import { type NameServer, startNameServer } from "../neighbours/name-server.ts";

const SOON = { ...DEFAULT_PEERS, lookUpMs: 50 };
/** Nobody listens there. */
const NOBODY = "127.0.9.9";

let names: NameServer;
const copies: Copy[] = [];
beforeAll(async () => {
  names = await startNameServer();
  const first = await startCopy("127.0.9.1", 0);
  copies.push(first, await startCopy("127.0.9.2", first.port), await startCopy("127.0.9.3", first.port));
});
afterAll(async () => {
  for (const { server } of copies) server.forceShutdown();
  await names[Symbol.asyncDispose]();
});

/** A copy of a service, at an address of its own. */
interface Copy {
  readonly host: string;
  readonly port: number;
  readonly server: Server;
  /** How many calls came. */
  calls: number;
  /** What it answers calls with. Default: NOT_FOUND, which is an answer. */
  code: number;
}

async function startCopy(host: string, port: number): Promise<Copy> {
  const server = new Server();
  server.addService(
    { getTrace: TraceReaderServiceService.getTrace },
    {
      getTrace(_call: unknown, done: (error: object | null, answer?: GetTraceResponse) => void) {
        copy.calls += 1;
        if (copy.code === status.OK) done(null, { trace: undefined });
        else done({ code: copy.code, details: "as told" });
      },
    },
  );
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  const copy: Copy = { host, port: bound, server, calls: 0, code: status.OK };
  return copy;
}

/** A client of the copies behind names, and how to ask one of them. */
function clientOf(target: string, peers: PeerSettings = SOON) {
  const client = new TraceReaderServiceClient(target, channelCredentials(), channelOptions(1024, undefined, peers));
  return {
    /** The status of a call. */
    ask: () =>
      new Promise<number>((resolve) => {
        const request = { traceId: "tr-1", view: TraceView.TRACE_VIEW_BASIC };
        client.getTrace(request, new Metadata(), { deadline: Date.now() + 5_000 }, (error) =>
          resolve(error?.code ?? 0),
        );
      }),
    [Symbol.dispose]: () => client.close(),
  };
}

/** How many of `count` calls each copy had. */
async function sharesOf(count: number, ask: () => Promise<number>): Promise<readonly number[]> {
  const before = copies.map(({ calls }) => calls);
  for (let asked = 0; asked < count; asked += 1) expect(await ask()).toBe(status.OK);
  return copies.map(({ calls }, index) => calls - (before[index] ?? 0));
}

test("calls go to all copies that a name has, to those that come, and no longer to those that go", async () => {
  const [one, two, three] = copies;
  if (one === undefined || two === undefined || three === undefined) throw new Error("there are three copies");
  names.set("moving.test", [one.host, two.host]);
  using client = clientOf(`dns://${names.address}/moving.test:${one.port}`);
  await until("both are reached", async () => (await sharesOf(2, client.ask)).join() === "1,1,0");
  expect(await sharesOf(20, client.ask)).toEqual([10, 10, 0]);
  names.set("moving.test", [one.host, two.host, three.host]);
  await until("the third has calls", async () => (await sharesOf(3, client.ask)).join() === "1,1,1");
  expect(await sharesOf(30, client.ask)).toEqual([10, 10, 10]);
  names.set("moving.test", [three.host]);
  await until("only the third has calls", async () => (await sharesOf(3, client.ask)).join() === "0,0,3");
  names.fails = true;
  expect(await sharesOf(30, client.ask)).toEqual([0, 0, 30]);
  names.fails = false;
});

test("a target may list several names, of which some are unknown", async () => {
  const [one, two] = copies;
  if (one === undefined || two === undefined) throw new Error("there are three copies");
  names.set("a.test", [one.host]);
  names.set("b.test", [two.host]);
  using client = clientOf(`dns://${names.address}/a.test:${one.port},b.test:${two.port},c.test:1`);
  await until("both are reached", async () => (await sharesOf(2, client.ask)).join() === "1,1,0");
  expect(await sharesOf(20, client.ask)).toEqual([10, 10, 0]);
});

test("a name that comes later is found, and until then calls fail at once", async () => {
  const [one] = copies;
  if (one === undefined) throw new Error("there are three copies");
  using client = clientOf(`dns://${names.address}/late.test:${one.port}`);
  expect(await client.ask()).toBe(status.UNAVAILABLE);
  names.set("late.test", [one.host]);
  await until("it is found", async () => (await client.ask()) === status.OK);
});

test("a read that finds a copy unavailable is asked of the next, within a budget; nothing else is asked twice", async () => {
  const [one, two] = copies;
  if (one === undefined || two === undefined) throw new Error("there are three copies");
  names.set("failing.test", [one.host, two.host]);
  const target = `dns://${names.address}/failing.test:${one.port}`;
  const keep = { ...SOON, outliers: { ...SOON.outliers, failedPercent: 0 } };
  using client = clientOf(target, keep);
  await until("both are reached", async () => (await sharesOf(2, client.ask)).join() === "1,1,0");
  one.code = status.UNAVAILABLE;
  const before = one.calls;
  for (let asked = 0; asked < 20; asked += 1) expect(await client.ask()).toBe(status.OK);
  expect(one.calls - before).toBeGreaterThan(5);
  // Both are away for good: once the budget is spent, each read is made once.
  two.code = status.UNAVAILABLE;
  await Promise.all(Array.from({ length: 60 }, client.ask));
  const spent = one.calls + two.calls;
  for (let asked = 0; asked < 10; asked += 1) expect(await client.ask()).toBe(status.UNAVAILABLE);
  expect(one.calls + two.calls - spent).toBe(10);
  one.code = status.INTERNAL;
  two.code = status.INTERNAL;
  expect(await client.ask()).toBe(status.INTERNAL);
  expect(one.calls + two.calls - spent).toBe(11);
  one.code = status.OK;
  two.code = status.OK;
});

test("a copy that fails nearly all of its calls is left alone for a while", async () => {
  const [one, two] = copies;
  if (one === undefined || two === undefined) throw new Error("there are three copies");
  names.set("odd.test", [one.host, two.host]);
  const outliers = { failedPercent: 90, callsMin: 5, everyMs: 100, leftAloneMs: 200 };
  using client = clientOf(`dns://${names.address}/odd.test:${one.port}`, { ...SOON, outliers });
  await until("both are reached", async () => (await sharesOf(2, client.ask)).join() === "1,1,0");
  one.code = status.INTERNAL;
  await until("it is left alone", async () => {
    const before = one.calls;
    for (let asked = 0; asked < 12; asked += 1) await client.ask();
    return one.calls === before;
  });
  one.code = status.OK;
  await until("it has calls again", async () => (await sharesOf(2, client.ask)).join() === "1,1,0");
});

test("where it cannot be told whether a name has addresses, it is not taken as having none", async () => {
  names.set("known.test", [NOBODY]);
  const named = namedHostsOf("known.test:1,unknown.test:2", names.address);
  expect(await lookUp(named)).toEqual([{ host: NOBODY, port: 1 }]);
  names.fails = true;
  await expect(lookUp(named)).rejects.toThrow();
  names.fails = false;
  await expect(lookUp(namedHostsOf("unknown.test:2", names.address))).rejects.toThrow(/ENOTFOUND/);
  await expect(lookUp(namedHostsOf("name.test:1", "not an address"))).rejects.toThrow();
  expect(() => namedHostsOf("a:1,,b:2", undefined)).toThrow('"" is no host:port');
});
