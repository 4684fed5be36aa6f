import { randomUUID } from "node:crypto";
import { EMPTY_RECORD } from "#lib/spans/empty-record.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import {
  CreateExperimentRequest,
  GetExperimentRequest,
  ListExperimentsRequest,
  UpdateExperimentRequest,
} from "#proto/twinspan/trace/v1/experiment_service.ts";
import { GetTotalsRequest } from "#proto/twinspan/trace/v1/totals.ts";
import {
  ClaimTraceRequest,
  DeleteTracesRequest,
  UpdateTraceTagsRequest,
} from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import {
  GetTraceInfosRequest,
  GetTraceRequest,
  ListTwinsRequest,
  SearchTracesRequest,
  TailTracesRequest,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { WriteInvocationsRequest } from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { resourceSpans, span, spanId, traceId } from "../trace-writer/sample-traces.ts";

import { type Home, NOTHING, type RpcRow } from "./rpc-row.ts";

const READ = { service: "traceWriter", roles: ["read-traces", "read-payloads", "admin"] } as const;
const WRITE = { service: "traceWriter", roles: ["write-traces", "admin"] } as const;
const ADMIN = { service: "traceWriter", roles: ["admin"] } as const;
const FAR_FUTURE = 4_000_000_000_000_000_000n;
const search = ({ experimentId }: Home) => ({
  experimentIds: [experimentId],
  pending: false,
  unclaimed: false,
  pageSize: 10,
  pageToken: "",
  filter: "",
  orderBy: "",
});

/** The trace-writer's RPCs. */
export const TRACE_WRITER_RPC_ROWS: Readonly<Record<string, RpcRow>> = {
  // Records name their workspaces: the gateway's key, whichever workspace it is of, is the only one that may.
  "/twinspan.trace.v1.TraceWriterService/WriteInvocations": {
    service: "traceWriter",
    roles: ["record"],
    own: "OK",
    foreign: "OK",
    request: () =>
      WriteInvocationsRequest.encode({
        records: [EMPTY_RECORD],
      }).finish(),
  },
  "/opentelemetry.proto.collector.trace.v1.TraceService/Export": {
    ...WRITE,
    own: "OK",
    foreign: "OK",
    request: () =>
      ExportTraceServiceRequest.encode({
        resourceSpans: [resourceSpans([span({ trace: traceId(0xabc), span: spanId(1) })])],
      }).finish(),
  },
  "/twinspan.trace.v1.TraceReaderService/GetTrace": {
    ...READ,
    own: "OK shown",
    foreign: "NOT_FOUND",
    request: ({ full }) => GetTraceRequest.encode({ traceId: full, view: 0 }).finish(),
  },
  "/twinspan.trace.v1.TraceReaderService/GetTraceInfos": {
    ...READ,
    own: "OK shown",
    foreign: "OK",
    request: ({ full, agent }) => GetTraceInfosRequest.encode({ traceIds: [full, agent] }).finish(),
  },
  "/twinspan.trace.v1.TraceReaderService/SearchTraces": {
    ...READ,
    own: "OK shown",
    foreign: "OK",
    request: (home) => SearchTracesRequest.encode(search(home)).finish(),
  },
  "/twinspan.trace.v1.TraceReaderService/ListTwins": {
    ...READ,
    own: "OK shown",
    foreign: "NOT_FOUND",
    request: ({ agent }) => ListTwinsRequest.encode({ traceId: agent, pageSize: 10, pageToken: "" }).finish(),
  },
  "/twinspan.trace.v1.TraceReaderService/TailTraces": {
    ...READ,
    own: "OK",
    foreign: "OK",
    request: ({ experimentId }) =>
      TailTracesRequest.encode({ experimentIds: [experimentId], pending: false, filter: "", resumeToken: "" }).finish(),
  },
  "/twinspan.trace.v1.TraceReaderService/GetTotals": {
    ...READ,
    own: "OK shown",
    foreign: "OK",
    request: ({ experimentId }) =>
      GetTotalsRequest.encode({
        experimentIds: [experimentId],
        startTimeUnixNano: 1n,
        endTimeUnixNano: FAR_FUTURE,
        bucketNanos: 0n,
        kind: 1,
        groupBy: 1,
        groupsMax: 0,
      }).finish(),
  },
  "/twinspan.trace.v1.ExperimentService/GetExperiment": {
    service: "traceWriter",
    roles: ["write-traces", "read-traces", "read-payloads", "admin"],
    own: "OK shown",
    foreign: "NOT_FOUND",
    request: ({ experiment }) =>
      GetExperimentRequest.encode({ experiment: { ref: { $case: "name", value: experiment } } }).finish(),
  },
  "/twinspan.trace.v1.ExperimentService/ListExperiments": {
    ...READ,
    own: "OK shown",
    foreign: "OK",
    request: () => ListExperimentsRequest.encode({ pageSize: 0, pageToken: "", filter: "" }).finish(),
  },
  "/twinspan.trace.v1.TraceEditorService/ClaimTrace": {
    ...WRITE,
    own: "OK",
    foreign: "OK",
    request: () =>
      ClaimTraceRequest.encode({
        claim: {
          traceId: `tr-${traceId(0xdef)}`,
          experiment: { ref: { $case: "name", value: "claimed" } },
          state: 1,
          startTimeUnixNano: 1n,
          durationNanos: 1n,
          clientRequestId: "",
          requestPreview: "",
          responsePreview: "",
          metadata: {},
          tags: {},
        },
      }).finish(),
  },
  "/twinspan.trace.v1.TraceEditorService/UpdateTraceTags": {
    ...WRITE,
    own: "OK",
    foreign: "NOT_FOUND",
    request: ({ agent }) => UpdateTraceTagsRequest.encode({ traceId: agent, set: { a: "b" }, remove: [] }).finish(),
  },
  "/twinspan.trace.v1.TraceEditorService/DeleteTraces": {
    ...ADMIN,
    own: "OK",
    foreign: "NOT_FOUND",
    request: ({ experimentId }) =>
      DeleteTracesRequest.encode({
        experimentId,
        traceIds: [`tr-${traceId(0xdead)}`],
        startTimeUnixNanoMax: undefined,
        tracesMax: 0,
      }).finish(),
  },
  "/twinspan.trace.v1.ExperimentService/CreateExperiment": {
    ...WRITE,
    own: "OK",
    foreign: "OK",
    request: () => CreateExperimentRequest.encode({ name: randomUUID() }).finish(),
  },
  "/twinspan.trace.v1.ExperimentService/UpdateExperiment": {
    ...ADMIN,
    own: "OK shown",
    foreign: "NOT_FOUND",
    request: ({ experimentId, experiment }) =>
      UpdateExperimentRequest.encode({
        experiment: { ...Experiment.decode(NOTHING), id: experimentId, name: experiment },
        updateMask: ["name"],
      }).finish(),
  },
};
