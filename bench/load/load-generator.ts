import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Load, LoadResult } from "./load.ts";

/** The load generator as a process of its own. It runs one round after another, so that it is warm. */
export interface LoadGenerator extends AsyncDisposable {
  /** Runs a round. A target that cannot be reached is errors in the result. */
  run(load: Load): Promise<LoadResult>;
}

/** Starts it. */
export function startLoadGenerator(): LoadGenerator {
  const program = fileURLToPath(new URL("./generator.ts", import.meta.url));
  const child = fork(program, { serialization: "advanced" });
  return {
    async run(load) {
      const ended = new AbortController();
      const exit = once(child, "exit", { signal: ended.signal }).then(() => {
        throw new Error("the load generator has ended");
      });
      child.send(load);
      try {
        const [result]: readonly LoadResult[] = await Promise.race([
          once(child, "message", { signal: ended.signal }),
          exit,
        ]);
        if (result === undefined) throw new Error("the load generator answered nothing");
        return result;
      } finally {
        ended.abort();
        exit.catch(() => {});
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const exit = once(child, "exit");
      child.disconnect();
      await exit;
    },
  };
}
