import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenOf } from "./processes.ts";

/** A directory for what a run leaves behind, which can be much. Disposing of it removes it. */
export interface Scratch extends Disposable {
  readonly directory: string;
}

/** What a shell says of a program that a signal has ended is this and the signal's number. */
const SIGNALLED = 128;
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/** Makes one. A run that is broken off removes it too, and ends what it has started. */
export function startScratch(): Scratch {
  const directory = mkdtempSync(join(tmpdir(), "twinspan-bench-"));
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      for (const child of childrenOf(process.pid)) process.kill(child, "SIGTERM");
      remove();
      process.exit(SIGNALLED + number);
    });
  }
  return { directory, [Symbol.dispose]: remove };
}
