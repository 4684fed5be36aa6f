import { setTimeout as delay } from "node:timers/promises";
import type { ChaosSystem } from "./chaos-system.ts";
import { oneOf } from "./planned-call.ts";
import type { Traffic } from "./traffic.ts";

/** Someone who reads all the while, and looks for one half of a record without the other. */
export interface Witness {
  /** Stops looking. Returns how many halves were seen alone, of how many looks that found any. */
  end(): Promise<{ readonly looks: number; readonly halves: number }>;
}

const PAUSE_MS = 20;

/** Starts looking at calls that have ended lately: when one half can be read, the other must be readable then. */
export function startWitness({ stored }: ChaosSystem, { calls }: Traffic, random: () => number): Witness {
  let isEnding = false;
  let looks = 0;
  let halves = 0;

  async function look(): Promise<void> {
    const recent = calls.slice(-30).filter(({ planned, traceName }) => planned.context === "sampled" && traceName);
    if (recent.length === 0) return;
    const { planned, traceName = "" } = oneOf(random, recent);
    const isMirrorThere = async () =>
      (await stored.find(planned.traceId))?.info?.linkedTraceIds.includes(traceName) === true;
    const isFullThere = async () => (await stored.find(traceName)) !== undefined;
    const order = random() < 0.5 ? [isMirrorThere, isFullThere] : [isFullThere, isMirrorThere];
    const [first, second] = order;
    if (!(await first?.())) return;
    looks += 1;
    if (!(await second?.())) halves += 1;
  }

  async function run(): Promise<void> {
    while (!isEnding) {
      // A trace-writer that is away shows nothing, and so no half.
      await look().catch(() => {});
      await delay(PAUSE_MS);
    }
  }

  const running = run();
  return {
    async end() {
      isEnding = true;
      await running;
      return { looks, halves };
    },
  };
}
