import type { Query } from "@tanstack/react-query";
import { meaningOf, ServiceError } from "#lib/service-error.ts";

/** What failed, and may go well another time, is asked again so often while it is shown, in milliseconds. */
const AGAIN_MS = 5_000;

/** Whether asking the same again may help: what the server says so of, and a fault of its own, which may be one of the moment. */
export function mayPass(error: unknown): boolean {
  return error instanceof ServiceError && (meaningOf(error.kind).retry || error.kind === "internal");
}

/**
 * When a query that is shown is asked again by itself, in milliseconds: where it has failed and that may pass, so that
 * a page recovers as its server does. False: never.
 */
export function askedAgainMs({ state }: Pick<Query, "state">): number | false {
  return state.status === "error" && mayPass(state.error) ? AGAIN_MS : false;
}

/** The same of a query that is asked anew every so often, in milliseconds, while all is well. */
export function askedEvery(everyMs: number): (query: Pick<Query, "state">) => number {
  return (query) => askedAgainMs(query) || everyMs;
}
