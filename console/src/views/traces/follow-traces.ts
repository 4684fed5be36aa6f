import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { type TailTracesRequest, TraceReaderServiceService } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { mayPass } from "../../api/asked-again.ts";
import { follow } from "../../api/follow.ts";

/** Who hears of what happens to traces. */
export interface TraceFollower {
  /** The stream runs, and nothing that happens from now on is missed. */
  readonly onLive: () => void;
  /** Traces that are new or have changed; with the token to go on from here. */
  readonly onTraces: (traces: readonly TraceInfo[], resumeToken: string) => void;
  /** The stream broke. It is tried again, unless `isFinal`. */
  readonly onBroken: (isFinal: boolean) => void;
}

/** What waits for the next try after a break: longer each time, up to the last, in milliseconds. */
const PAUSES_MS = [500, 1000, 2000, 5000, 15_000] as const;

/** Follows traces until `signal` aborts, or until the server says that it never will. After a break it goes on where it was. */
export async function followTraces(
  request: TailTracesRequest,
  { onLive, onTraces, onBroken }: TraceFollower,
  signal: AbortSignal,
): Promise<void> {
  let { resumeToken } = request;
  for (let breaks = 0; !signal.aborted; breaks += 1) {
    try {
      for await (const message of follow(TraceReaderServiceService.tailTraces, { ...request, resumeToken }, signal)) {
        if (signal.aborted) return;
        ({ resumeToken } = message);
        breaks = 0;
        onLive();
        onTraces(message.traces, resumeToken);
      }
    } catch (error) {
      if (signal.aborted) return;
      const isFinal = !mayPass(error);
      onBroken(isFinal);
      if (isFinal) return;
    }
    await pause(PAUSES_MS[Math.min(breaks, PAUSES_MS.length - 1)] ?? 0, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
