import { meaningOf, ServiceError } from "#lib/service-error.ts";
import { AttemptReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { failureOf } from "../core/failure.ts";
import type { Candidate } from "../recording/open-attempt.ts";
import type { Answer, FailedAnswer } from "./answer.ts";
import type { Route } from "./route.ts";
import { type Attempts, tryModel } from "./try-model.ts";

/**
 * Asks a model. Where the endpoint hedges, and no answer has begun within `hedgeAfterMs`, the next of the route is
 * asked too: the first to answer wins, and the other is aborted at once. When both fail, the later failure is returned,
 * and the route has heard of the earlier.
 */
export function ask(attempts: Attempts, route: Route, candidate: Candidate): Promise<Answer | FailedAnswer> {
  const { hedgeAfterMs } = attempts.endpoint.options;
  if (hedgeAfterMs !== undefined) return hedge(attempts, route, candidate, hedgeAfterMs);
  return tryModel(attempts, candidate.planned, attempts.recording.startAttempt(candidate));
}

async function hedge(
  attempts: Attempts,
  route: Route,
  candidate: Candidate,
  hedgeAfterMs: number,
): Promise<Answer | FailedAnswer> {
  const first = start(attempts, candidate);
  if (!(await isLate(first.came, hedgeAfterMs))) return first.came;
  const next = route.next(AttemptReason.ATTEMPT_REASON_HEDGE);
  return next === undefined ? first.came : firstToAnswer(first, start(attempts, next), route);
}

/** An attempt that may be given up for another. */
interface Contender {
  readonly came: Promise<Answer | FailedAnswer>;
  /** Ends the attempt now, and hangs up. */
  giveUp(): void;
}

function start(attempts: Attempts, candidate: Candidate): Contender {
  const lost = new AbortController();
  const signal = AbortSignal.any([attempts.signal, lost.signal]);
  const attempt = attempts.recording.startAttempt(candidate);
  const came = tryModel({ ...attempts, signal }, candidate.planned, attempt);
  return {
    came,
    giveUp() {
      const reason = new ServiceError("cancelled", "Another model answered first.");
      attempt.end(failureOf(reason));
      lost.abort(reason);
      came.then(closeLate).catch(() => {
        // It was given up already: how its connection ends concerns nobody.
      });
    },
  };
}

/** An answer that began in the moment it lost is closed, which frees its connection. */
async function closeLate(came: Answer | FailedAnswer): Promise<void> {
  if (came.kind === "streamed") await came.head.body.return();
}

async function isLate(came: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<true>();
  const timer = setTimeout(() => late.resolve(true), ms);
  try {
    return await Promise.race([came.then(() => false), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function firstToAnswer(first: Contender, second: Contender, route: Route): Promise<Answer | FailedAnswer> {
  const { came, other } = await Promise.race([
    first.came.then((came) => ({ came, other: second })),
    second.came.then((came) => ({ came, other: first })),
  ]);
  if (came.kind === "failed" && meaningOf(came.error.kind).nextAttempt) {
    route.heard(came);
    return other.came;
  }
  other.giveUp();
  return came;
}
