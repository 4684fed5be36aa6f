import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { LongFilesFirst } from "./test/run-order.ts";

/** What is run a second time, with ingresses that make a gRPC call for each: it must pass as it does over Exchange. */
const PER_CALL = [
  ...["back-pressure", "caller-context", "chat", "dialect-errors", "dialects", "lifecycle"].map(
    (name) => `test/service/ingress/${name}.test.ts`,
  ),
  ...["cuts", "drain"].map((name) => `test/e2e/${name}.test.ts`),
  "test/fault/rolling-restart.test.ts",
];

/** What is run a second time only: over Exchange rolling-writers and rolling-upgrade restart as much. */
const PER_CALL_ONLY = ["test/fault/rolling-restart.test.ts"];

/** What needs other people's clients, and fetches them: `make interop`. */
const INTEROP = "test/interop/**/*.test.ts";

export default defineConfig({
  test: {
    setupFiles: ["./test/setup.ts"],
    pool: "forks",
    // Node runs the tests as it runs the services: its own loader, and so the hook that carries the trace context.
    experimental: { viteModuleRunner: false },
    // A worker runs one file after another, each of which disposes of what it opened: to start a process for each, and
    // to load all the same modules again, took most of the processor's time.
    isolate: false,
    unstubEnvs: true,
    sequence: { sequencer: LongFilesFirst },
    // One file more than there are cores: most tests wait for processes and answers half of their time.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...PER_CALL_ONLY, INTEROP],
        },
      },
      {
        extends: true,
        test: { name: "per-call", include: PER_CALL, env: { TWINSPAN_TEST_TRANSPORT: "per-call" } },
      },
      { extends: true, test: { name: "interop", include: [INTEROP] } },
    ],
  },
});
