import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { type StoredTraces, startStoredTraces } from "../traces/stored-traces.ts";
import { createGuidePlace, type GuidePlace, readGuides } from "./guides.ts";
import { type Cli, createPlace, type Place, startCli } from "./running-system.ts";

const TIMEOUT_MS = 90_000;
const GUIDES = readGuides();
/** Those whose agents are in JavaScript, or need no language at all. */
const RUN = GUIDES.filter(({ blocks }) => blocks.some(({ role }) => role === "run"));
/** Those that show a caller without spans of its own. */
const WITHOUT_SPANS = new Set(["curl", "grpc"]);

let place: Place;
let system: Cli;
let stored: StoredTraces;
let written: GuidePlace;

beforeAll(async () => {
  place = await createPlace();
  system = startCli(place, ["up"]);
  await system.wrote("Ctrl-C stops everything");
  const { ingress, gateway, traceWriter } = place.ports;
  stored = startStoredTraces(`127.0.0.1:${traceWriter}`);
  written = createGuidePlace(GUIDES, {
    "bin/twinspan": join(process.cwd(), "bin/twinspan"),
    "127.0.0.1:8080": `127.0.0.1:${ingress}`,
    "127.0.0.1:7001": `127.0.0.1:${gateway}`,
  });
}, TIMEOUT_MS);
afterAll(async () => {
  written[Symbol.dispose]();
  stored[Symbol.dispose]();
  await system[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

test.each(RUN.map((guide) => [guide.name, guide] as const))(
  "what %s.md says works as it stands there, and leaves the mirror in the agent's trace",
  { timeout: TIMEOUT_MS },
  async (name, guide) => {
    const experiment = `guide-${name}`;
    const printed = await written.run(guide, "run", experiment);
    expect(printed).toMatch(/twin span/i);
    expect(printed).not.toContain('"error"');
    if (WITHOUT_SPANS.has(name)) return;
    const calls = guide.blocks.filter(({ role }) => role.endsWith(".mjs") && role.startsWith("agent"));
    expect(calls).toHaveLength(1);
    await until(`every trace of ${experiment} has its mirror`, async () => {
      const traces = await stored.inExperiment(experiment);
      return traces.length > 0 && traces.every(({ linkedTraceIds }) => linkedTraceIds.length > 0);
    });
  },
);
