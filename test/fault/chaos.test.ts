import { expect, test } from "vitest";
import { faultsFoundIn } from "../chaos/chaos-report.ts";
import { runChaos } from "../chaos/run-chaos.ts";

/** Fixed, so that a failure is the code's; `make chaos` draws a new one every time. */
const SEED = 20_261;
const SECONDS = 12;

test("while processes die and stand still, disks fill up, links break and clocks jump, no record is lost, doubled or halved", async () => {
  const outcome = await runChaos({ seed: SEED, seconds: SECONDS, store: "sqlite", say: () => {} });
  expect(faultsFoundIn(outcome)).toEqual([]);
  expect(outcome.audit.wellStored).toBeGreaterThan(0);
}, 120_000);
