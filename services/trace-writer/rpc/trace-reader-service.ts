import type { Identity } from "#lib/auth/identity.ts";
import { parseTraceName } from "#lib/ids.ts";
import type { Logger } from "#lib/logger.ts";
import { type RpcCall, serverStreaming, unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { invalidField, ServiceError } from "#lib/service-error.ts";
import type { GetTotalsRequest } from "#proto/twinspan/trace/v1/totals.ts";
import { TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import {
  type GetTraceInfosRequest,
  type GetTraceRequest,
  type ListTwinsRequest,
  type SearchTracesRequest,
  type TailTracesRequest,
  TraceReaderServiceService,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { parseExperimentId } from "../core/experiments/experiment-name.ts";
import { formatTraceToken, parseTraceToken } from "../core/search/page-token.ts";
import { parseTraceOrder } from "../core/search/trace-order.ts";
import { unclaimedOnly } from "../core/search/unclaimed.ts";
import { experimentIdsMeant, scopeMeant } from "../reading/experiment-ids.ts";
import { invalidToken, pageSizeOf } from "../reading/paging.ts";
import { filterOf, mayReadPayload, shownTo } from "../reading/shown-traces.ts";
import { createTailPlaces } from "../reading/tail-places.ts";
import { type Tail, tailTraces } from "../reading/tail-traces.ts";
import { parseTotalsRequest, totalsResponseOf } from "../reading/totals-request.ts";
import { digest } from "../store/digest.ts";
import type { TraceScope } from "../store/trace-reads.ts";
import type { TraceStore } from "../store/trace-store.ts";

/** How many may follow at once. Each asks the store some times a second. */
const TAILS_MAX = 100;
const TRACES_PAGE_MAX = 500;
const EXPERIMENTS_SEARCHED_MAX = 100;
/** How many hex digits of a search's digest a page token carries. */
const SCOPE_DIGITS = 16;

export interface ReaderOptions {
  /** How long after its last span a pending trace is unclaimed, in milliseconds. */
  readonly unclaimedAfterMs: number;
  /** Tells the time, in milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
  /** Aborts when the service drains: tails end then. */
  readonly draining: AbortSignal;
  /** How long a tail lasts, in milliseconds: a key that was revoked meanwhile gets no other. */
  readonly tailMs: number;
}

/** TraceReaderService: reads what is stored. */
export function createTraceReaderService(store: TraceStore, options: ReaderOptions, log: Logger): ServedService {
  const unclaimedBefore = () => unclaimedBeforeNs(options);
  const places = createTailPlaces(TAILS_MAX);
  async function* tail(request: TailTracesRequest, { identity, signal }: RpcCall) {
    using place = places.take(identity);
    const cut = AbortSignal.any([signal, place.lost]);
    const ended = AbortSignal.any([options.draining, AbortSignal.timeout(options.tailMs)]);
    for await (const message of tailTraces(store, tailOf(request, identity), cut, ended)) {
      yield { ...message, traces: message.traces.map((info) => shownTo(identity, info, unclaimedBefore())) };
    }
  }
  return {
    name: "twinspan.trace.v1.TraceReaderService",
    definition: TraceReaderServiceService,
    implementation: {
      getTrace: unary(log, (request: GetTraceRequest, { identity }) =>
        getTrace(store, identity, unclaimedBefore(), request),
      ),
      getTraceInfos: unary(log, (request: GetTraceInfosRequest, { identity }) =>
        getTraceInfos(store, identity, unclaimedBefore(), request),
      ),
      searchTraces: unary(log, (request: SearchTracesRequest, { identity, signal }) =>
        searchTraces(store, identity, unclaimedBefore(), request, signal),
      ),
      listTwins: unary(log, (request: ListTwinsRequest, { identity }) =>
        listTwins(store, identity, unclaimedBefore(), request),
      ),
      tailTraces: serverStreaming(log, tail),
      getTotals: unary(log, (request: GetTotalsRequest, { identity, signal }) =>
        getTotals(store, identity.workspace, request, signal),
      ),
    },
  };
}

/** The moment before which the last span of a pending trace must have ended for it to be unclaimed. */
export function unclaimedBeforeNs({ unclaimedAfterMs, nowMs }: ReaderOptions): bigint {
  return BigInt(nowMs() - unclaimedAfterMs) * 1_000_000n;
}

async function getTrace(store: TraceStore, identity: Identity, beforeNs: bigint, request: GetTraceRequest) {
  const traceId = traceIdOf(request);
  const isWhole = withPayload(request.view) && mayReadPayload(identity);
  const trace = await store.getTrace(identity.workspace, traceId, isWhole);
  if (trace === undefined) throw noTrace(traceId);
  return { trace: { ...trace, info: trace.info && shownTo(identity, trace.info, beforeNs) } };
}

async function getTraceInfos(
  store: TraceStore,
  identity: Identity,
  beforeNs: bigint,
  { traceIds }: GetTraceInfosRequest,
) {
  if (traceIds.length < 1 || traceIds.length > TRACES_PAGE_MAX) {
    throw invalidField("trace_ids", `must be 1 to ${TRACES_PAGE_MAX}`);
  }
  const ids = traceIds.flatMap((name) => parseTraceName(name) ?? []);
  if (ids.length < traceIds.length)
    throw invalidField("trace_ids", "must be tr- and 32 hex digits, or the digits alone");
  const infos = await store.getTraceInfos(identity.workspace, ids);
  return { infos: infos.map((info) => shownTo(identity, info, beforeNs)) };
}

async function searchTraces(
  store: TraceStore,
  identity: Identity,
  beforeNs: bigint,
  request: SearchTracesRequest,
  signal: AbortSignal,
) {
  const limit = pageSizeOf(request.pageSize, TRACES_PAGE_MAX);
  const filter = filterOf(identity, request.filter);
  const scope = scopeOf(request);
  const search = {
    scope: await scopeMeant(store, identity.workspace, scope),
    filter: request.unclaimed ? unclaimedOnly(filter, beforeNs) : filter,
    order: parseTraceOrder(request.orderBy),
  };
  const bound = boundTo(scope, request);
  const after = request.pageToken === "" ? undefined : parseTraceToken(request.pageToken, bound);
  if (request.pageToken !== "" && after === undefined) throw invalidToken();
  const { traces, next } = await store.searchTraces(identity.workspace, search, limit, after, signal);
  const nextPageToken = next === undefined ? "" : formatTraceToken(next, bound);
  return { traces: traces.map((info) => shownTo(identity, info, beforeNs)), nextPageToken };
}

type Scoped = Pick<SearchTracesRequest, "experimentIds" | "pending" | "unclaimed">;
type Bound = Pick<SearchTracesRequest, "filter" | "orderBy" | "unclaimed">;

function tailOf(request: TailTracesRequest, identity: Identity): Tail {
  const { filter, resumeToken: token } = request;
  const search = { scope: scopeOf({ ...request, unclaimed: false }), filter: filterOf(identity, filter) };
  return {
    workspace: identity.workspace,
    search,
    token,
    bound: boundTo(search.scope, { filter, orderBy: "tail", unclaimed: false }),
  };
}

/** What a page token is bound to: another search's is none. */
function boundTo(scope: TraceScope, { filter, orderBy, unclaimed }: Bound): string {
  const searched = unclaimed ? "unclaimed" : scope.kind === "pending" ? "pending" : scope.ids.join(",");
  return digest(Buffer.from(JSON.stringify([searched, filter, orderBy]))).slice(0, SCOPE_DIGITS);
}

async function getTotals(store: TraceStore, workspace: string, request: GetTotalsRequest, signal: AbortSignal) {
  const asked = parseTotalsRequest(request);
  const experimentIds = await experimentIdsMeant(store, workspace, asked.experimentIds);
  return totalsResponseOf(await store.totals(workspace, { ...asked, experimentIds }, signal));
}

async function listTwins(store: TraceStore, identity: Identity, beforeNs: bigint, request: ListTwinsRequest) {
  const traceId = traceIdOf(request);
  const limit = pageSizeOf(request.pageSize, TRACES_PAGE_MAX);
  const bound = digest(Buffer.from(`twins ${traceId}`)).slice(0, SCOPE_DIGITS);
  const after = request.pageToken === "" ? undefined : parseTraceToken(request.pageToken, bound);
  if (request.pageToken !== "" && after === undefined) throw invalidToken();
  const page = await store.listTwins(identity.workspace, traceId, limit, after);
  if (page === undefined) throw noTrace(traceId);
  return {
    traces: page.traces.map((info) => shownTo(identity, info, beforeNs)),
    nextPageToken: page.next === undefined ? "" : formatTraceToken(page.next, bound),
  };
}

function traceIdOf(request: { readonly traceId: string }): string {
  const traceId = parseTraceName(request.traceId);
  if (traceId === undefined) throw invalidField("trace_id", "must be tr- and 32 hex digits, or the digits alone");
  return traceId;
}

function noTrace(traceId: string): ServiceError {
  return new ServiceError("not_found", `There is no trace tr-${traceId}. It may not have arrived yet.`, {
    metadata: { trace_id: `tr-${traceId}` },
  });
}

function scopeOf({ experimentIds, pending, unclaimed }: Scoped): TraceScope {
  if (pending || unclaimed) {
    if (experimentIds.length > 0) throw invalidField("experiment_ids", "must be empty with pending or unclaimed");
    return { kind: "pending" };
  }
  if (experimentIds.length === 0)
    throw invalidField("experiment_ids", "must name an experiment, or pending or unclaimed must be set");
  if (experimentIds.length > EXPERIMENTS_SEARCHED_MAX) {
    throw invalidField("experiment_ids", `must be at most ${EXPERIMENTS_SEARCHED_MAX}`);
  }
  const ids = experimentIds.flatMap((id) => parseExperimentId(id) ?? []);
  return { kind: "experiments", ids: [...new Set(ids)].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)) };
}

function withPayload(view: TraceView): boolean {
  switch (view) {
    case TraceView.TRACE_VIEW_UNSPECIFIED:
    case TraceView.TRACE_VIEW_FULL:
      return true;
    case TraceView.TRACE_VIEW_BASIC:
      return false;
    default:
      throw invalidField("view", "must be BASIC or FULL");
  }
}
