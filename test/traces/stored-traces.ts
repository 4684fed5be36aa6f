import { Metadata, type ServiceError as RpcError, status } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { ExperimentServiceClient, type ListExperimentsResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { type Trace, type TraceInfo, TraceView } from "#proto/twinspan/trace/v1/trace.ts";
import {
  type GetTraceResponse,
  type SearchTracesResponse,
  TraceReaderServiceClient,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { until } from "../../tools/until.ts";

/** Reads what a trace-writer has stored, through its TraceReaderService. */
export interface StoredTraces extends Disposable {
  /** A trace by its id. Undefined: there is none. */
  find(traceId: string, view?: TraceView): Promise<Trace | undefined>;
  /** A trace by its id, once it is there. */
  get(traceId: string, view?: TraceView): Promise<Trace>;
  /** All traces of an experiment, by its name, newest first. None, when there is no such experiment. */
  inExperiment(name: string): Promise<readonly TraceInfo[]>;
  /** All traces that no experiment holds yet. */
  pending(): Promise<readonly TraceInfo[]>;
  /** The ids of all traces there are, pending or not. */
  allIds(): Promise<ReadonlySet<string>>;
  /** The name of the experiment of that id. */
  experimentName(id: string): Promise<string | undefined>;
}

const READ_MS = 10_000;
const BYTES_MAX = 128 * 1024 * 1024;

/** Opens a channel to a trace-writer; it connects when it is first used, and again after a restart. */
export function startStoredTraces(address: string): StoredTraces {
  const client = new TraceReaderServiceClient(address, channelCredentials(), channelOptions(BYTES_MAX));
  const keeper = new ExperimentServiceClient(address, channelCredentials(), channelOptions(BYTES_MAX));
  const options = () => ({ deadline: Date.now() + READ_MS });

  async function find(traceId: string, view: TraceView = TraceView.TRACE_VIEW_FULL): Promise<Trace | undefined> {
    const answer = await foundOf<GetTraceResponse>((done) =>
      client.getTrace({ traceId, view }, new Metadata(), options(), done),
    );
    return answer?.trace;
  }

  async function search(experimentIds: string[], pending: boolean): Promise<readonly TraceInfo[]> {
    const found: TraceInfo[] = [];
    for (let pageToken = ""; ; ) {
      const request = { experimentIds, pending, unclaimed: false, pageSize: 500, pageToken, filter: "", orderBy: "" };
      const page = await foundOf<SearchTracesResponse>((done) =>
        client.searchTraces(request, new Metadata(), options(), done),
      );
      found.push(...(page?.traces ?? []));
      pageToken = page?.nextPageToken ?? "";
      if (pageToken === "") return found;
    }
  }

  async function experiments() {
    const request = { pageSize: 1000, pageToken: "", filter: "" };
    const page = await foundOf<ListExperimentsResponse>((done) =>
      keeper.listExperiments(request, new Metadata(), options(), done),
    );
    return page?.experiments ?? [];
  }

  return {
    find,
    get: (traceId, view) => until(`the trace ${traceId} is stored`, () => find(traceId, view)),
    async inExperiment(name) {
      const experiment = (await experiments()).find((candidate) => candidate.name === name);
      return experiment === undefined ? [] : search([experiment.id], false);
    },
    pending: () => search([], true),
    async allIds() {
      const ids = (await experiments()).map(({ id }) => id);
      const infos = [...(await search(ids, false)), ...(await search([], true))];
      return new Set(infos.map(({ traceId }) => traceId));
    },
    experimentName: async (id) => (await experiments()).find((experiment) => experiment.id === id)?.name,
    [Symbol.dispose]() {
      client.close();
      keeper.close();
    },
  };
}

/** The spans of a trace, in order. */
export function spansOf({ resourceSpans }: Trace): readonly Span[] {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/** An attribute of a span. Undefined: it has none of that key, or one that is empty or a list. */
export function attributeOf({ attributes }: Span, key: string): string | bigint | number | boolean | undefined {
  const value = attributes.find((attribute) => attribute.key === key)?.value?.value;
  switch (value?.$case) {
    case "stringValue":
    case "intValue":
    case "doubleValue":
    case "boolValue":
      return value.value;
    default:
      return undefined;
  }
}

type Begin<Response> = (done: (error: RpcError | null, response: Response) => void) => unknown;

/** Makes a call. Undefined: it ended with NOT_FOUND. */
function foundOf<Response>(begin: Begin<Response>): Promise<Response | undefined> {
  return new Promise((resolve, reject) => {
    begin((error, response) => {
      if (error === null) resolve(response);
      else if (error.code === status.NOT_FOUND) resolve(undefined);
      else reject(error);
    });
  });
}
