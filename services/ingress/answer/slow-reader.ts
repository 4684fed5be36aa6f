import type { ServerResponse } from "node:http";

/** Waits for a client to take what was written to it. */
export interface SlowReader {
  /** The response is full: from now on its client has so long to take what is there. */
  isFull(): void;
}

/** Cuts a response whose client does not take what was written within `stallMs`; `onCut` hears of it. */
export function watchSlowReader(response: ServerResponse, stallMs: number, onCut: () => void): SlowReader {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  response.once("close", stop);
  return {
    isFull() {
      if (timer !== undefined) return;
      response.once("drain", stop);
      timer = setTimeout(() => {
        onCut();
        response.destroy();
      }, stallMs);
    },
  };
}
