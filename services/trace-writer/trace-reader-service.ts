import { parseTraceName } from "#lib/ids.ts";
import type { Logger } from "#lib/logger.ts";
import { serverStreaming, unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import type { GetTotalsRequest } from "#proto/twinspan/trace/v1/totals.ts";
import { type TraceInfo, TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import {
  type GetExperimentRequest,
  type GetTraceInfosRequest,
  type GetTraceRequest,
  type ListExperimentsRequest,
  type ListTwinsRequest,
  type SearchTracesRequest,
  type TailTracesRequest,
  TraceReaderServiceService,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { parseExperimentFilter } from "./core/experiment-filter.ts";
import { parseExperimentId } from "./core/experiment-name.ts";
import { parseFilter } from "./core/filter-parser.ts";
import { formatExperimentToken, formatTraceToken, parseExperimentToken, parseTraceToken } from "./core/page-token.ts";
import { parseTraceOrder } from "./core/trace-order.ts";
import { isUnclaimed, unclaimedOnly } from "./core/unclaimed.ts";
import { digest } from "./digest.ts";
import type { TraceScope } from "./store/trace-reads.ts";
import type { TraceStore } from "./store/trace-store.ts";
import { type Tail, tailTraces } from "./tail-traces.ts";
import { parseTotalsRequest, totalsResponseOf } from "./totals-request.ts";
import { WORKSPACE } from "./workspace.ts";

/** How many may follow at once. Each asks the store some times a second. */
const TAILS_MAX = 100;
const PAGE_DEFAULT = 100;
const TRACES_PAGE_MAX = 500;
const EXPERIMENTS_PAGE_MAX = 1000;
/** How many experiments a page looks at, where a filter passes few. */
const EXPERIMENTS_LOOKED_AT_MAX = 10_000;
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
}

/** TraceReaderService: reads what is stored. */
export function createTraceReaderService(store: TraceStore, options: ReaderOptions, log: Logger): ServedService {
  const unclaimedBefore = () => unclaimedBeforeNs(options);
  let tails = 0;
  async function* tail(request: TailTracesRequest, signal: AbortSignal) {
    if (tails >= TAILS_MAX) throw new ServiceError("overloaded", `At most ${TAILS_MAX} tails are followed at once.`);
    tails += 1;
    try {
      for await (const message of tailTraces(store, tailOf(request), signal, options.draining)) {
        yield { ...message, traces: message.traces.map((info) => shownAt(info, unclaimedBefore())) };
      }
    } finally {
      tails -= 1;
    }
  }
  return {
    name: "twinspan.trace.v1.TraceReaderService",
    definition: TraceReaderServiceService,
    implementation: {
      getTrace: unary(log, (request: GetTraceRequest) => getTrace(store, unclaimedBefore(), request)),
      getTraceInfos: unary(log, (request: GetTraceInfosRequest) => getTraceInfos(store, unclaimedBefore(), request)),
      searchTraces: unary(log, (request: SearchTracesRequest) => searchTraces(store, unclaimedBefore(), request)),
      listTwins: unary(log, (request: ListTwinsRequest) => listTwins(store, unclaimedBefore(), request)),
      tailTraces: serverStreaming(log, (request: TailTracesRequest, { signal }) => tail(request, signal)),
      getTotals: unary(log, async (request: GetTotalsRequest, { signal }) =>
        totalsResponseOf(await store.totals(WORKSPACE, parseTotalsRequest(request), signal)),
      ),
      getExperiment: unary(log, (request: GetExperimentRequest) => getExperiment(store, request)),
      listExperiments: unary(log, (request: ListExperimentsRequest) => listExperiments(store, request)),
    },
  };
}

/** The moment before which the last span of a pending trace must have ended for it to be unclaimed. */
export function unclaimedBeforeNs({ unclaimedAfterMs, nowMs }: ReaderOptions): bigint {
  return BigInt(nowMs() - unclaimedAfterMs) * 1_000_000n;
}

/** What lists show of a trace, with where it stands now. */
function shownAt(info: TraceInfo, beforeNs: bigint): TraceInfo {
  return { ...info, unclaimed: isUnclaimed(info, beforeNs) };
}

async function getTrace(store: TraceStore, beforeNs: bigint, request: GetTraceRequest) {
  const traceId = traceIdOf(request);
  const trace = await store.getTrace(WORKSPACE, traceId, withPayload(request.view));
  if (trace === undefined) throw noTrace(traceId);
  return { trace: { ...trace, info: trace.info && shownAt(trace.info, beforeNs) } };
}

async function getTraceInfos(store: TraceStore, beforeNs: bigint, { traceIds }: GetTraceInfosRequest) {
  if (traceIds.length < 1 || traceIds.length > TRACES_PAGE_MAX) {
    throw invalid("trace_ids", `must be 1 to ${TRACES_PAGE_MAX}`);
  }
  const ids = traceIds.flatMap((name) => parseTraceName(name) ?? []);
  if (ids.length < traceIds.length) throw invalid("trace_ids", "must be tr- and 32 hex digits, or the digits alone");
  const infos = await store.getTraceInfos(WORKSPACE, ids);
  return { infos: infos.map((info) => shownAt(info, beforeNs)) };
}

async function searchTraces(store: TraceStore, beforeNs: bigint, request: SearchTracesRequest) {
  const limit = pageSizeOf(request.pageSize, TRACES_PAGE_MAX);
  const filter = parseFilter(request.filter);
  const search = {
    scope: scopeOf(request),
    filter: request.unclaimed ? unclaimedOnly(filter, beforeNs) : filter,
    order: parseTraceOrder(request.orderBy),
  };
  const bound = boundTo(search.scope, request);
  const after = request.pageToken === "" ? undefined : parseTraceToken(request.pageToken, bound);
  if (request.pageToken !== "" && after === undefined) throw invalidToken();
  const { traces, next } = await store.searchTraces(WORKSPACE, search, limit, after);
  const nextPageToken = next === undefined ? "" : formatTraceToken(next, bound);
  return { traces: traces.map((info) => shownAt(info, beforeNs)), nextPageToken };
}

type Scoped = Pick<SearchTracesRequest, "experimentIds" | "pending" | "unclaimed">;
type Bound = Pick<SearchTracesRequest, "filter" | "orderBy" | "unclaimed">;

function tailOf(request: TailTracesRequest): Tail {
  const { filter, resumeToken: token } = request;
  const search = { scope: scopeOf({ ...request, unclaimed: false }), filter: parseFilter(filter) };
  return {
    workspace: WORKSPACE,
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

async function listTwins(store: TraceStore, beforeNs: bigint, request: ListTwinsRequest) {
  const traceId = traceIdOf(request);
  const limit = pageSizeOf(request.pageSize, TRACES_PAGE_MAX);
  const bound = digest(Buffer.from(`twins ${traceId}`)).slice(0, SCOPE_DIGITS);
  const after = request.pageToken === "" ? undefined : parseTraceToken(request.pageToken, bound);
  if (request.pageToken !== "" && after === undefined) throw invalidToken();
  const page = await store.listTwins(WORKSPACE, traceId, limit, after);
  if (page === undefined) throw noTrace(traceId);
  return {
    traces: page.traces.map((info) => shownAt(info, beforeNs)),
    nextPageToken: page.next === undefined ? "" : formatTraceToken(page.next, bound),
  };
}

async function getExperiment(store: TraceStore, { experiment: named }: GetExperimentRequest) {
  if (named?.ref === undefined || named.ref.value === "") throw invalid("experiment", "must give an id or a name");
  const experiment = await store.getExperiment(WORKSPACE, named.ref);
  if (experiment === undefined) {
    throw new ServiceError("not_found", `There is no experiment of that ${named.ref.$case}.`, { field: "experiment" });
  }
  return { experiment };
}

async function listExperiments(store: TraceStore, request: ListExperimentsRequest) {
  const limit = pageSizeOf(request.pageSize, EXPERIMENTS_PAGE_MAX);
  const passes = parseExperimentFilter(request.filter);
  const readAtOnce = passes === undefined ? limit + 1 : EXPERIMENTS_PAGE_MAX;
  let last = request.pageToken === "" ? undefined : parseExperimentToken(request.pageToken);
  if (request.pageToken !== "" && last === undefined) throw invalidToken();
  const experiments: Experiment[] = [];
  for (let looked = 0; looked < EXPERIMENTS_LOOKED_AT_MAX; looked += readAtOnce) {
    const read = await store.listExperiments(WORKSPACE, readAtOnce, last);
    for (const experiment of read) {
      if (experiments.length === limit) return { experiments, nextPageToken: experimentTokenOf(last) };
      last = BigInt(experiment.id);
      if (passes?.(experiment.name) ?? true) experiments.push(experiment);
    }
    if (read.length < readAtOnce) return { experiments, nextPageToken: "" };
  }
  return { experiments, nextPageToken: experimentTokenOf(last) };
}

function experimentTokenOf(last: bigint | undefined): string {
  return last === undefined ? "" : formatExperimentToken(last);
}

function traceIdOf(request: { readonly traceId: string }): string {
  const traceId = parseTraceName(request.traceId);
  if (traceId === undefined) throw invalid("trace_id", "must be tr- and 32 hex digits, or the digits alone");
  return traceId;
}

function noTrace(traceId: string): ServiceError {
  return new ServiceError("not_found", `There is no trace tr-${traceId}. It may not have arrived yet.`, {
    metadata: { trace_id: `tr-${traceId}` },
  });
}

function scopeOf({ experimentIds, pending, unclaimed }: Scoped): TraceScope {
  if (pending || unclaimed) {
    if (experimentIds.length > 0) throw invalid("experiment_ids", "must be empty with pending or unclaimed");
    return { kind: "pending" };
  }
  if (experimentIds.length === 0)
    throw invalid("experiment_ids", "must name an experiment, or pending or unclaimed must be set");
  if (experimentIds.length > EXPERIMENTS_SEARCHED_MAX) {
    throw invalid("experiment_ids", `must be at most ${EXPERIMENTS_SEARCHED_MAX}`);
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
      throw invalid("view", "must be BASIC or FULL");
  }
}

function pageSizeOf(asked: number, max: number): number {
  if (asked < 0) throw invalid("page_size", "must not be negative");
  return asked === 0 ? PAGE_DEFAULT : Math.min(asked, max);
}

function invalidToken(): ServiceError {
  return invalid("page_token", "must be the next_page_token of a page of the same search");
}

function invalid(field: string, rule: string): ServiceError {
  return new ServiceError("invalid_request", `${field} ${rule}.`, { field });
}
