import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../../tools/seeded-random.ts";
import { until } from "../../tools/until.ts";
import { outboxRest } from "../system/outbox-rest.ts";
import { type Audit, auditOf } from "./audit.ts";
import { startChaosSystem } from "./chaos-system.ts";
import { Deck } from "./deck.ts";
import { type Fault, faultsOf } from "./faults.ts";
import { ShedCount } from "./shed-count.ts";
import { startTraffic } from "./traffic.ts";
import { startWitness } from "./witness.ts";

export interface ChaosOptions {
  /** What is asked and what goes wrong, in which order, follows from it; when, the machine has a say in. */
  readonly seed: number;
  /** How long things go wrong, in seconds. What has begun then is made good first. */
  readonly seconds: number;
  /** Where traces are kept. */
  readonly store: "sqlite" | "postgres";
  /** Hears what goes wrong, and to whom. */
  readonly say: (line: string) => void;
}

/** What a run came to. */
export interface ChaosOutcome {
  readonly seed: number;
  readonly seconds: number;
  readonly store: "sqlite" | "postgres";
  /** What went wrong, how often. */
  readonly struck: ReadonlyMap<Fault, number>;
  readonly audit: Audit;
  readonly witness: { readonly looks: number; readonly halves: number };
  /** What the gateway had left in its outbox when it had ended in order. */
  readonly rest: { readonly notes: number; readonly records: number };
}

/** How many faults there are at once. */
const LANES = 2;
const CALLERS = 6;
const DISK_BYTES = 96 * 1024 * 1024;
const DISK_BYTES_A_SECOND = 512 * 1024;
const SHIP_REST_MS = 60_000;

/**
 * Starts a system, lets callers and agents use it while all kinds of things go wrong, and compares what is stored with
 * what they saw.
 */
export async function runChaos({ seed, seconds, store, say }: ChaosOptions): Promise<ChaosOutcome> {
  await using system = await startChaosSystem({ store, diskBytes: DISK_BYTES + seconds * DISK_BYTES_A_SECOND });
  const traffic = startTraffic(system, { seed, callers: CALLERS });
  const witness = startWitness(system, traffic, seededRandom(seed + 1));
  const shed = new ShedCount(system.parts.gateway);
  const struck = new Map<Fault, number>(faultsOf(system).map((fault) => [fault, 0]));
  const deck = new Deck([...struck.keys()], seededRandom(seed + 2));
  const startMs = performance.now();

  async function runLane(): Promise<void> {
    while (performance.now() - startMs < seconds * 1000) {
      const drawn = deck.draw();
      if (drawn !== undefined) {
        const { fault, figure } = drawn;
        say(`${((performance.now() - startMs) / 1000).toFixed(1)} s: ${fault.whom}: ${fault.what}`);
        await fault.strike(system, figure, shed);
        struck.set(fault, (struck.get(fault) ?? 0) + 1);
        deck.putBack(fault);
      }
      await delay(100);
    }
  }

  await Promise.all(Array.from({ length: LANES }, runLane));
  await traffic.end();
  const { gateway } = system.parts;
  await until(
    "what waited is shipped",
    async () => (await gateway.metric("twinspan_outbox_records")) === 0,
    SHIP_REST_MS,
  );
  const seen = await witness.end();
  await shed.readBeforeEnd();
  await gateway.stop();
  const rest = await outboxRest(system);
  say(`${traffic.calls.length} calls; comparing what their callers saw with what is stored`);
  return { seed, seconds, store, struck, audit: await auditOf(system, traffic, shed), witness: seen, rest };
}
