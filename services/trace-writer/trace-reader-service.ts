import { parseTraceName } from "#lib/ids.ts";
import type { Logger } from "#lib/logger.ts";
import { unary } from "#lib/rpc/handler.ts";
import type { ServedService } from "#lib/rpc/server.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { GetTotalsRequest } from "#proto/twinspan/trace/v1/totals.ts";
import { TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import {
  type GetExperimentRequest,
  type GetTraceInfosRequest,
  type GetTraceRequest,
  type ListExperimentsRequest,
  type ListTwinsRequest,
  type SearchTracesRequest,
  TraceReaderServiceService,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { parseExperimentId } from "./core/experiment-name.ts";
import { parseFilter } from "./core/filter-parser.ts";
import { formatExperimentToken, formatTraceToken, parseExperimentToken, parseTraceToken } from "./core/page-token.ts";
import { parseTraceOrder } from "./core/trace-order.ts";
import { digest } from "./digest.ts";
import type { TraceScope, TraceStore } from "./store/trace-store.ts";
import { parseTotalsRequest, totalsResponseOf } from "./totals-request.ts";
import { WORKSPACE } from "./workspace.ts";

const PAGE_DEFAULT = 100;
const TRACES_PAGE_MAX = 500;
const EXPERIMENTS_PAGE_MAX = 1000;
const EXPERIMENTS_SEARCHED_MAX = 100;
/** How many hex digits of a search's digest a page token carries. */
const SCOPE_DIGITS = 16;

/** TraceReaderService: reads what is stored. */
export function createTraceReaderService(store: TraceStore, log: Logger): ServedService {
  return {
    name: "twinspan.trace.v1.TraceReaderService",
    definition: TraceReaderServiceService,
    implementation: {
      getTrace: unary(log, (request: GetTraceRequest) => getTrace(store, request)),
      getTraceInfos: unary(log, (request: GetTraceInfosRequest) => getTraceInfos(store, request)),
      searchTraces: unary(log, (request: SearchTracesRequest) => searchTraces(store, request)),
      listTwins: unary(log, (request: ListTwinsRequest) => listTwins(store, request)),
      getTotals: unary(log, async (request: GetTotalsRequest, { signal }) =>
        totalsResponseOf(await store.totals(WORKSPACE, parseTotalsRequest(request), signal)),
      ),
      getExperiment: unary(log, (request: GetExperimentRequest) => getExperiment(store, request)),
      listExperiments: unary(log, (request: ListExperimentsRequest) => listExperiments(store, request)),
    },
  };
}

async function getTrace(store: TraceStore, request: GetTraceRequest) {
  const traceId = traceIdOf(request);
  const trace = await store.getTrace(WORKSPACE, traceId, withPayload(request.view));
  if (trace === undefined) throw noTrace(traceId);
  return { trace };
}

async function getTraceInfos(store: TraceStore, { traceIds }: GetTraceInfosRequest) {
  if (traceIds.length < 1 || traceIds.length > TRACES_PAGE_MAX) {
    throw invalid("trace_ids", `must be 1 to ${TRACES_PAGE_MAX}`);
  }
  const ids = traceIds.flatMap((name) => parseTraceName(name) ?? []);
  if (ids.length < traceIds.length) throw invalid("trace_ids", "must be tr- and 32 hex digits, or the digits alone");
  return { infos: [...(await store.getTraceInfos(WORKSPACE, ids))] };
}

async function searchTraces(store: TraceStore, request: SearchTracesRequest) {
  const limit = pageSizeOf(request.pageSize, TRACES_PAGE_MAX);
  const search = {
    scope: scopeOf(request),
    filter: parseFilter(request.filter),
    order: parseTraceOrder(request.orderBy),
  };
  const bound = boundTo(search.scope, request.filter, request.orderBy);
  const after = request.pageToken === "" ? undefined : parseTraceToken(request.pageToken, bound);
  if (request.pageToken !== "" && after === undefined) throw invalidToken();
  const { traces, next } = await store.searchTraces(WORKSPACE, search, limit, after);
  return { traces: [...traces], nextPageToken: next === undefined ? "" : formatTraceToken(next, bound) };
}

/** What a page token is bound to: another search's is none. */
function boundTo(scope: TraceScope, filter: string, orderBy: string): string {
  const searched = scope.kind === "pending" ? "pending" : scope.ids.join(",");
  return digest(Buffer.from(JSON.stringify([searched, filter, orderBy]))).slice(0, SCOPE_DIGITS);
}

async function listTwins(store: TraceStore, request: ListTwinsRequest) {
  const traceId = traceIdOf(request);
  const limit = pageSizeOf(request.pageSize, TRACES_PAGE_MAX);
  const bound = digest(Buffer.from(`twins ${traceId}`)).slice(0, SCOPE_DIGITS);
  const after = request.pageToken === "" ? undefined : parseTraceToken(request.pageToken, bound);
  if (request.pageToken !== "" && after === undefined) throw invalidToken();
  const page = await store.listTwins(WORKSPACE, traceId, limit, after);
  if (page === undefined) throw noTrace(traceId);
  return {
    traces: [...page.traces],
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
  const after = request.pageToken === "" ? undefined : parseExperimentToken(request.pageToken);
  if (request.pageToken !== "" && after === undefined) throw invalidToken();
  const found = await store.listExperiments(WORKSPACE, limit + 1, after);
  const experiments = found.slice(0, limit);
  const last = experiments.at(-1);
  const nextPageToken = found.length > limit && last !== undefined ? formatExperimentToken(BigInt(last.id)) : "";
  return { experiments, nextPageToken };
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

function scopeOf({ experimentIds, pending }: SearchTracesRequest): TraceScope {
  if (pending) {
    if (experimentIds.length > 0) throw invalid("experiment_ids", "must be empty with pending");
    return { kind: "pending" };
  }
  if (experimentIds.length === 0) throw invalid("experiment_ids", "must name an experiment, or pending must be set");
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
