import { test } from "vitest";
import { expectNothingLost, restart, restartCallersSide } from "./rolling-load.ts";
import { startRollingSystem } from "./rolling-system.ts";

/** Five processes start twice, one after the other. */
const ROLLING_MS = 240_000;

test(
  "every service is restarted under load, one copy after another: no call fails, and each has its twin traces, once",
  async () => {
    await using system = await startRollingSystem();
    await expectNothingLost(system, async (isIn) => {
      await restartCallersSide(system, isIn);
      for (const traceWriter of system.traceWriters) await restart(traceWriter);
    });
  },
  ROLLING_MS,
);
