import { setTimeout } from "node:timers/promises";
import { invalidField, type ServiceError } from "#lib/service-error.ts";
import type { TailTracesResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { formatTailToken, parseTailToken } from "../core/search/page-token.ts";
import type { TraceSearch } from "../store/trace-reads.ts";
import type { TraceStore } from "../store/trace-store.ts";
import { scopeMeant } from "./experiment-ids.ts";

/** What is followed. */
export interface Tail {
  readonly workspace: string;
  readonly search: Pick<TraceSearch, "scope" | "filter">;
  /** Where to go on. Empty: from now on. */
  readonly token: string;
  /** A digest of what is followed, which tokens are bound to. */
  readonly bound: string;
}

/** How often the store is asked, in milliseconds: changes within that time come together. */
const POLL_MS = 250;
/** So many traces are looked at for a message. */
const TRACES_MAX = 100;
/** A message without traces comes when there was none for so long, in milliseconds: it brings the token up to date. */
const QUIET_MS_MAX = 15_000;

/**
 * Follows a store: the first message comes at once, then one whenever traces have appeared or changed. Ends when
 * `ended` aborts, and throws the reason of `signal`.
 */
export async function* tailTraces(
  store: TraceStore,
  { workspace, search, token, bound }: Tail,
  signal: AbortSignal,
  ended: AbortSignal,
): AsyncGenerator<TailTracesResponse, void, void> {
  let since = token === "" ? undefined : parseTailToken(token, bound);
  if (token !== "" && since === undefined) throw notOurs();
  let quietMs = QUIET_MS_MAX;
  const ends = AbortSignal.any([signal, ended]);
  while (!ended.aborted) {
    const scope = await scopeMeant(store, workspace, search.scope);
    const page = await store.changes(workspace, { ...search, scope }, since, TRACES_MAX, signal);
    if (page === undefined) throw notOurs();
    since = page.position;
    if (page.traces.length > 0 || quietMs >= QUIET_MS_MAX) {
      yield { traces: [...page.traces], resumeToken: formatTailToken(since, bound) };
      quietMs = 0;
    }
    await pause(page.isEnd ? POLL_MS : 0, ends);
    signal.throwIfAborted();
    quietMs += POLL_MS;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function notOurs(): ServiceError {
  return invalidField("resume_token", "must be the resume_token of a message of the same tail");
}
