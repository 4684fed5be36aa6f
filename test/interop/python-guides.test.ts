import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { createGuidePlace, type GuidePlace, readGuides } from "../e2e/guides.ts";
import { type Cli, createPlace, type Place, startCli } from "../e2e/running-system.ts";
import { type StoredTraces, startStoredTraces } from "../traces/stored-traces.ts";
import { installPythonPackages, PYTHON_BIN } from "./python-packages.ts";

const GUIDES = readGuides();
const RUN = GUIDES.filter(({ blocks }) => blocks.some(({ role }) => role === "run-python"));

let place: Place;
let system: Cli;
let stored: StoredTraces;
let written: GuidePlace;

beforeAll(async () => {
  await installPythonPackages();
  place = await createPlace();
  system = startCli(place, ["up"]);
  await system.wrote("Ctrl-C stops everything");
  stored = startStoredTraces(`127.0.0.1:${place.ports.traceWriter}`);
  written = createGuidePlace(GUIDES, {
    "127.0.0.1:8080": `127.0.0.1:${place.ports.ingress}`,
    "opentelemetry-instrument ": join(PYTHON_BIN, "opentelemetry-instrument "),
    "python agent": `${join(PYTHON_BIN, "python")} agent`,
  });
}, 600_000);
afterAll(async () => {
  written[Symbol.dispose]();
  stored[Symbol.dispose]();
  await system[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

test.each(RUN.map((guide) => [guide.name, guide] as const))(
  "what %s.md says of Python works as it stands there, and leaves the mirror in the agent's trace",
  { timeout: 120_000 },
  async (name, guide) => {
    const experiment = `python-guide-${name}`;
    expect(await written.run(guide, "run-python", experiment)).toMatch(/twin span/i);
    await until(`the traces of ${experiment} have their mirrors`, async () =>
      (await stored.inExperiment(experiment)).some(({ linkedTraceIds }) => linkedTraceIds.length > 0),
    );
  },
);
