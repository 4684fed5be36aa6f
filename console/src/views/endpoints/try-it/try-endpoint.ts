import { beginOwnTrace, contextHeadersOf, exportOf, type OwnTrace, TRIED_IN } from "./own-trace.ts";
import { serverEventsOf } from "./server-events.ts";
import type { Shape } from "./shapes.ts";

/** What is tried. */
export interface Attempt {
  readonly endpoint: string;
  readonly shape: Shape;
  readonly text: string;
  readonly isStream: boolean;
}

/** How it goes, as far as it has gone. */
export interface Progress {
  readonly answer: string;
  /** The HTTP status. Undefined: nothing has come yet. */
  readonly status?: number;
  /** In milliseconds from the beginning. */
  readonly firstTokenMs?: number;
  readonly totalMs?: number;
  /** `tr-…`. Empty: it has none. */
  readonly fullTrace: string;
  /** The trace that holds its mirror. */
  readonly ownTrace: string;
  /** Why it failed, in the server's words or the network's. */
  readonly failure?: string;
}

/** Calls an endpoint as any agent would: within a trace of its own, whose span it sends by OTLP when the call has ended. */
export async function tryEndpoint(
  { endpoint, shape, text, isStream }: Attempt,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  const own = beginOwnTrace();
  const since = performance.now();
  let progress: Progress = { answer: "", fullTrace: "", ownTrace: `tr-${own.traceId}` };
  const tell = (more: Partial<Progress>) => {
    progress = { ...progress, ...more };
    onProgress(progress);
  };
  tell({});
  try {
    const response = await fetch(shape.pathOf(endpoint, isStream), {
      method: "POST",
      headers: { "content-type": "application/json", "x-mlflow-gateway-caller": "console", ...contextHeadersOf(own) },
      body: JSON.stringify(shape.bodyOf(endpoint, text, isStream)),
      signal,
    });
    tell({ status: response.status, fullTrace: response.headers.get("x-twinspan-trace-id") ?? "" });
    if (!response.ok) tell({ failure: await response.text() });
    else if (isStream && response.body !== null) {
      for await (const event of serverEventsOf(response.body)) {
        const delta = shape.deltaOf(event);
        if (delta === "") continue;
        const { firstTokenMs = performance.now() - since } = progress;
        tell({ answer: progress.answer + delta, firstTokenMs });
      }
    } else tell({ answer: shape.answerOf(await response.json()) });
  } catch (error) {
    tell({ failure: signal.aborted ? "Stopped." : error instanceof Error ? error.message : "The call failed." });
  }
  await exportOwn(own, endpoint, progress.failure !== undefined);
  tell({ totalMs: performance.now() - since });
}

/** What is told of a span that cannot be sent is its call's trace alone. */
async function exportOwn(own: OwnTrace, endpoint: string, failed: boolean): Promise<void> {
  await fetch("/v1/traces", {
    method: "POST",
    headers: { "content-type": "application/json", "x-twinspan-experiment": TRIED_IN },
    body: JSON.stringify(exportOf(own, endpoint, Date.now(), failed)),
  }).catch(() => undefined);
}
