import type { ServerWritableStream } from "@grpc/grpc-js";
import { startRpcServer } from "#lib/rpc/server.ts";
import { rpcFailureOf } from "#lib/rpc/status-details.ts";
import { ServiceError } from "#lib/service-error.ts";
import {
  type ExportTraceServiceRequest,
  type ExportTraceServiceResponse,
  type TraceServiceServer,
  TraceServiceService,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { type ExperimentServiceServer, ExperimentServiceService } from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import {
  type SearchTracesRequest,
  type TailTracesRequest,
  type TailTracesResponse,
  type TraceReaderServiceServer,
  TraceReaderServiceService,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { openDoor } from "../../system/open-door.ts";

/** A real gRPC server on loopback that holds what a test gives it, and shows what it was sent. */
export interface ScriptedTraceWriter extends AsyncDisposable {
  readonly address: string;
  readonly exports: readonly {
    readonly request: ExportTraceServiceRequest;
    readonly metadata: Readonly<Record<string, string | Buffer>>;
  }[];
  readonly searches: readonly SearchTracesRequest[];
  /** The metadata of every GetTrace. */
  readonly reads: readonly Readonly<Record<string, string | Buffer>>[];
  traces: readonly Trace[];
  experiments: readonly Experiment[];
  /** How the next exports end. */
  exportAnswer: ExportTraceServiceResponse | ServiceError;
  /** What the next tails do. */
  tail: (stream: ServerWritableStream<TailTracesRequest, TailTracesResponse>) => void;
}

/** Starts it, empty. */
export async function startScriptedTraceWriter(): Promise<ScriptedTraceWriter> {
  const exports: { request: ExportTraceServiceRequest; metadata: Record<string, string | Buffer> }[] = [];
  const searches: SearchTracesRequest[] = [];
  const reads: Record<string, string | Buffer>[] = [];
  const notFound = (message: string) => rpcFailureOf(new ServiceError("not_found", message));
  const otlp: TraceServiceServer = {
    export: ({ request, metadata }, callback) => {
      exports.push({ request, metadata: metadata.getMap() });
      const answer = writer.exportAnswer;
      if (answer instanceof ServiceError) callback(rpcFailureOf(answer));
      else callback(null, answer);
    },
  };
  const reader: TraceReaderServiceServer = {
    getTrace: ({ request, metadata }, callback) => {
      reads.push(metadata.getMap());
      const trace = writer.traces.find(({ info }) => info?.traceId === request.traceId);
      if (trace === undefined) callback(notFound("There is no such trace."));
      else callback(null, { trace });
    },
    getTraceInfos: ({ request }, callback) => {
      const infos = writer.traces.flatMap(({ info }) => info ?? []);
      callback(null, { infos: infos.filter(({ traceId }) => request.traceIds.includes(traceId)) });
    },
    searchTraces: ({ request }, callback) => {
      searches.push(request);
      callback(null, { traces: writer.traces.flatMap(({ info }) => info ?? []), nextPageToken: "next" });
    },
    listTwins: (_call, callback) => callback(null, { traces: [], nextPageToken: "" }),
    tailTraces: (stream) => writer.tail(stream),
    getTotals: (_call, callback) => callback(null, { points: [] }),
  };
  const experiments: Pick<ExperimentServiceServer, "getExperiment" | "listExperiments"> = {
    getExperiment: ({ request: { experiment } }, callback) => {
      const ref = experiment?.ref;
      const found = writer.experiments.find((one) => (ref?.$case === "id" ? one.id : one.name) === ref?.value);
      if (found === undefined) callback(notFound("There is no such experiment."));
      else callback(null, { experiment: found });
    },
    listExperiments: (_call, callback) => callback(null, { experiments: [...writer.experiments], nextPageToken: "" }),
  };
  const server = await startRpcServer({
    door: openDoor(),
    listen: "127.0.0.1:0",
    services: [
      {
        name: "opentelemetry.proto.collector.trace.v1.TraceService",
        definition: TraceServiceService,
        implementation: otlp,
      },
      { name: "twinspan.trace.v1.TraceReaderService", definition: TraceReaderServiceService, implementation: reader },
      {
        name: "twinspan.trace.v1.ExperimentService",
        definition: {
          getExperiment: ExperimentServiceService.getExperiment,
          listExperiments: ExperimentServiceService.listExperiments,
        },
        implementation: experiments,
      },
    ],
    messageBytesMax: 128 * 1024 * 1024,
    drainMs: 100,
  });
  const writer: ScriptedTraceWriter = {
    address: server.address,
    exports,
    searches,
    reads,
    traces: [],
    experiments: [],
    exportAnswer: { partialSuccess: undefined },
    tail: (stream) => stream.end(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return writer;
}
