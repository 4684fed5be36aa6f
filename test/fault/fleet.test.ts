import { afterAll, beforeAll, expect, test } from "vitest";
import { type Postgres, startPostgres } from "../../tools/databases/postgres.ts";
import { until } from "../../tools/until.ts";
import { Fleet, TRANSPORTS } from "./fleet.ts";
import { CALLERS, expectSpread, ledgerOf, startFleetLoad, untilAllWork, type Work, wentWell } from "./fleet-load.ts";
import { tellFailures } from "./tell-failures.ts";

const START_MS = 120_000;
const FLEET_MS = 240_000;

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
}, START_MS);
afterAll(() => server[Symbol.asyncDispose]());

test(
  "copies of every service come, go and are killed behind names, under load by both transports: calls spread over those there are, and each has its twin traces, once",
  async () => {
    await using fleet = await Fleet.start(await server.newDatabase());
    const [killedWriter] = await Promise.all([fleet.add("trace-writer"), fleet.add("trace-writer")]);
    const [killed, leaving] = await Promise.all([fleet.add("gateway"), fleet.add("gateway"), fleet.add("gateway")]);
    const entrances = await Promise.all(
      TRANSPORTS.map(async (transport) => ({ ingress: await fleet.add("ingress", transport), transport })),
    );
    const load = startFleetLoad(entrances);
    const works = worksOf(fleet);
    await untilAllWork(load, works());
    await expectSpread(load, 450, works());

    await Promise.all([fleet.add("gateway"), fleet.add("trace-writer")]);
    await untilAllWork(load, works());
    await expectSpread(load, 600, works());

    const killedAtMs = Date.now();
    await Promise.all([killed.kill(), killedWriter.kill()]);
    fleet.unlist(killed);
    fleet.unlist(killedWriter);
    // What the killed gateway had not shipped yet, and what it was at, its next life ships.
    await killed.start();
    fleet.list(killed);
    await fleet.remove(leaving);
    const [first] = entrances;
    if (first === undefined) throw new Error("there are two ingresses");
    load.entrances = entrances.slice(1);
    await fleet.remove(first.ingress);
    await load.more(10 * CALLERS);
    await load.stop();

    const failed = load.calls.filter((call) => !wentWell(call));
    const others = failed.filter(
      ({ beganAtMs, endedAtMs }) => beganAtMs > killedAtMs + 1_000 || endedAtMs < killedAtMs,
    );
    expect(tellFailures(others, fleet.all)).toBe("");
    expect(failed.length).toBeLessThanOrEqual(CALLERS);
    const ledger = await until("every call has its traces", async () => {
      const told = await ledgerOf(fleet, load.calls);
      return told.lost === 0 ? told : undefined;
    });
    expect(ledger).toMatchObject({ calls: load.calls.length, lost: 0, doubled: 0, foreign: 0 });
    expect(ledger.stored).toBeGreaterThanOrEqual(ledger.well);
    expect(ledger.stored).toBeLessThanOrEqual(ledger.calls);
  },
  FLEET_MS,
);

/**
 * What is to be spread over the copies that there are: calls over gateways, and batches over trace-writers. Over
 * Exchange a copy that is slower for a while gets fewer, which is what it is for.
 */
function worksOf(fleet: Fleet): () => readonly Work[] {
  return () => {
    const gateways = { copies: fleet.copiesOf("gateway") };
    return [
      { ...gateways, metric: "twinspan_calls_total", tolerance: 0.1 },
      { ...gateways, metric: 'twinspan_calls_total{endpoint="per-call"', tolerance: 0.1 },
      { ...gateways, metric: 'twinspan_calls_total{endpoint="exchange"', tolerance: 0.25 },
      {
        copies: fleet.copiesOf("trace-writer"),
        metric: 'twinspan_trace_writer_requests_total{kind="records"',
        tolerance: 0.1,
      },
    ];
  };
}
