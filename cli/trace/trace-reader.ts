import { Metadata } from "@grpc/grpc-js";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import {
  ExperimentServiceClient,
  type GetExperimentResponse,
  type ListExperimentsResponse,
} from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { GetTotalsRequest, GetTotalsResponse, TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { type Trace, type TraceInfo, TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import {
  type GetTraceInfosResponse,
  type GetTraceResponse,
  type ListTwinsResponse,
  type SearchTracesResponse,
  type TailTracesResponse,
  TraceReaderServiceClient,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import type { Connection } from "../connection.ts";
import { ask, failureOf, isRpcError } from "../rpc/connect.ts";

/** Which traces are listed. */
export interface TraceListing {
  /** The experiments, by id. Empty with `pending` or `unclaimed` only. */
  readonly experimentIds: readonly string[];
  /** Instead: those that no experiment holds yet. */
  readonly pending: boolean;
  /** Instead: those of them that nobody has claimed for long. Absent: not only these. */
  readonly unclaimed?: boolean;
  /** How many at the most. */
  readonly limit: number;
  /** What they must be, in the language of docs/reading-traces.md. Absent: all of them. */
  readonly filter?: string;
  /** As `SearchTracesRequest.order_by`. Absent: the newest first. */
  readonly orderBy?: string;
}

/** Reads from a trace-writer. Every read fails with one line when it does not answer. */
export interface TraceReader extends Disposable {
  /**
   * A trace with its spans and, unless the view is without, its payload. A ServiceError of kind `not_found` when there
   * is none.
   */
  trace(traceId: string, view?: TraceView): Promise<Trace>;
  /** Traces by their ids, at most 500. Those that do not exist are left out. */
  infos(traceIds: readonly string[]): Promise<readonly TraceInfo[]>;
  /** Traces, in order. */
  traces(listing: TraceListing): Promise<readonly TraceInfo[]>;
  /** All traces, in order, page by page: what they hold may change between two pages. */
  pages(listing: Omit<TraceListing, "limit">): AsyncIterable<readonly TraceInfo[]>;
  /** The other twins of a trace by time, at most `limit`. A ServiceError of kind `not_found` when there is no such trace. */
  twins(traceId: string, limit: number): Promise<readonly TraceInfo[]>;
  /** What calls or traces came to, as GetTotals says. */
  totals(request: GetTotalsRequest): Promise<readonly TotalsPoint[]>;
  /** Traces as they appear and change, from now on, until `signal` aborts or the trace-writer ends it. */
  tail(tailing: Omit<TraceListing, "limit" | "orderBy">, signal: AbortSignal): AsyncIterable<readonly TraceInfo[]>;
  /** The experiment of that name. A ServiceError of kind `not_found` when there is none. */
  experimentNamed(name: string): Promise<Experiment>;
  /** Every experiment, by id. */
  experiments(): Promise<readonly Experiment[]>;
}

const WHO = "the trace-writer";
const PAGE = 500;
const EXPERIMENTS_PAGE = 1000;

/** Opens a channel to a trace-writer; nothing is sent yet. */
export function startTraceReader({ target, credentials, options: channel }: Connection): TraceReader {
  const client = new TraceReaderServiceClient(target, credentials, channel);
  const experiments = new ExperimentServiceClient(target, credentials, channel);

  async function page(listing: Omit<TraceListing, "limit">, pageToken: string, pageSize: number) {
    const { pending, unclaimed = false, filter = "", orderBy = "" } = listing;
    const experimentIds = [...listing.experimentIds];
    const request = { experimentIds, pending, unclaimed, pageSize, pageToken, filter, orderBy };
    return ask<SearchTracesResponse>(WHO, target, (options, done) =>
      client.searchTraces(request, new Metadata(), options, done),
    );
  }

  return {
    async trace(traceId, view = TraceView.TRACE_VIEW_FULL) {
      const request = { traceId, view };
      const answer = await ask<GetTraceResponse>(WHO, target, (options, done) =>
        client.getTrace(request, new Metadata(), options, done),
      );
      return required(answer.trace, "trace");
    },
    async infos(traceIds) {
      const answer = await ask<GetTraceInfosResponse>(WHO, target, (options, done) =>
        client.getTraceInfos({ traceIds: [...traceIds] }, new Metadata(), options, done),
      );
      return answer.infos;
    },
    traces: (listing) => pagesOf(listing.limit, (pageToken, size) => page(listing, pageToken, size)),
    async *pages(listing) {
      let token = "";
      do {
        const { traces, nextPageToken } = await page(listing, token, PAGE);
        yield traces;
        token = nextPageToken;
      } while (token !== "");
    },
    twins: (traceId, limit) =>
      pagesOf(limit, (pageToken, pageSize) =>
        ask<ListTwinsResponse>(WHO, target, (options, done) =>
          client.listTwins({ traceId, pageToken, pageSize }, new Metadata(), options, done),
        ),
      ),
    async totals(request) {
      const answer = await ask<GetTotalsResponse>(WHO, target, (options, done) =>
        client.getTotals(request, new Metadata(), options, done),
      );
      return answer.points;
    },
    async *tail({ experimentIds, pending, filter = "" }, signal) {
      let resumeToken = "";
      // One that ends well has lasted as long as it may, or its trace-writer drains: it goes on where it was.
      while (!signal.aborted) {
        const request = { experimentIds: [...experimentIds], pending, filter, resumeToken };
        const stream = client.tailTraces(request, new Metadata());
        const cancel = () => stream.cancel();
        signal.addEventListener("abort", cancel, { once: true });
        try {
          const messages: AsyncIterable<TailTracesResponse> = stream;
          for await (const message of messages) {
            ({ resumeToken } = message);
            yield message.traces;
          }
        } catch (error) {
          if (signal.aborted) return;
          throw isRpcError(error) ? failureOf(error, WHO, target) : error;
        } finally {
          signal.removeEventListener("abort", cancel);
          cancel();
        }
      }
    },
    async experimentNamed(name) {
      const request = { experiment: { ref: { $case: "name" as const, value: name } } };
      const answer = await ask<GetExperimentResponse>(WHO, target, (options, done) =>
        experiments.getExperiment(request, new Metadata(), options, done),
      );
      return required(answer.experiment, "experiment");
    },
    async experiments() {
      const found: Experiment[] = [];
      let pageToken = "";
      do {
        const request = { pageSize: EXPERIMENTS_PAGE, pageToken, filter: "" };
        const answer = await ask<ListExperimentsResponse>(WHO, target, (options, done) =>
          experiments.listExperiments(request, new Metadata(), options, done),
        );
        found.push(...answer.experiments);
        pageToken = answer.nextPageToken;
      } while (pageToken !== "");
      return found;
    },
    [Symbol.dispose]() {
      client.close();
      experiments.close();
    },
  };
}

/** Traces, page after page; a page may be short where there are more. */
async function pagesOf(
  limit: number,
  page: (pageToken: string, pageSize: number) => Promise<SearchTracesResponse | ListTwinsResponse>,
): Promise<readonly TraceInfo[]> {
  const found: TraceInfo[] = [];
  let token = "";
  do {
    const { traces, nextPageToken } = await page(token, Math.min(PAGE, limit - found.length));
    found.push(...traces);
    token = nextPageToken;
  } while (token !== "" && found.length < limit);
  return found;
}

function required<Part>(part: Part | undefined, what: string): Part {
  if (part === undefined) throw new Error(`${WHO} answered without the ${what}`);
  return part;
}
