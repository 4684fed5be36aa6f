import { setImmediate } from "node:timers/promises";

/** Work that can be stopped wherever it yields. */
export type Work<Result> = Generator<void, Result, void>;

/** What takes no longer than this, in milliseconds, is done at once: others wait meanwhile. */
const AT_ONCE_MS = 4;
/** So long somebody works at a time who takes longer. Between two turns others have theirs. */
const TURN_MS = 2;

/** Works at once. Undefined: it would have taken too long, and has ended without a result. */
export function atOnce<Result>(work: Work<Result>): { readonly result: Result } | undefined {
  const begunMs = performance.now();
  try {
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return { result: value };
      if (performance.now() - begunMs > AT_ONCE_MS) return undefined;
    }
  } finally {
    work[Symbol.dispose]();
  }
}

/** Works turn by turn, to its end, or throws the signal's reason after a turn. */
export async function inTurns<Result>(work: Work<Result>, signal: AbortSignal | undefined): Promise<Result> {
  let begunMs = performance.now();
  try {
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return value;
      if (performance.now() - begunMs <= TURN_MS) continue;
      await setImmediate();
      signal?.throwIfAborted();
      begunMs = performance.now();
    }
  } finally {
    work[Symbol.dispose]();
  }
}
