import type { FastifyReply } from "fastify";

/** Waits for a client to take what was written to it. */
export interface SlowReader {
  /** The response is full: from now on its client has so long to take what is there. */
  isFull(): void;
}

/** Cuts a response whose client does not take what was written within `stallMs`; `onCut` hears of it. */
export function watchSlowReader(reply: FastifyReply, stallMs: number, onCut: () => void): SlowReader {
  const response = reply.raw;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  reply.responseEnd.tell(stop);
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
