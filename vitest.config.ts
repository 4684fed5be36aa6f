import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["./test/helpers/setup.ts"],
    pool: "forks",
    // Node runs the tests as it runs the services: its own loader, and so the hook that carries the trace context.
    experimental: { viteModuleRunner: false },
    // One file a core: by itself Vitest leaves one core free, which of two is half, while most tests wait for processes and answers.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
