import type { CliIo } from "./io.ts";

/** A bar that says how far a command has come. It is gone when it is disposed of. */
export interface Progress extends Disposable {
  /** So much is done now. `detail` stands behind the bar. */
  show(done: number, detail: string): void;
}

const WIDTH = 30;
const EVERY_MS = 100;
const CLEAR_LINE = "\r\u001b[K";

/** Starts one on standard error; where that is no terminal, nothing is shown. `total` undefined: nobody knows it. */
export function startProgress(io: Pick<CliIo, "err" | "errIsTerminal">, total: number | undefined): Progress {
  let nextMs = 0;
  return {
    show(done, detail) {
      const nowMs = performance.now();
      if (!io.errIsTerminal || nowMs < nextMs) return;
      nextMs = nowMs + EVERY_MS;
      io.err(`${CLEAR_LINE}${total === undefined ? "" : `${barOf(done, total)} `}${detail}`);
    },
    [Symbol.dispose]() {
      if (nextMs > 0) io.err(CLEAR_LINE);
    },
  };
}

function barOf(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * WIDTH);
  return `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}
