import { randomUUID } from "node:crypto";
import type { Role } from "#lib/auth/role.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { GetEndpointRequest, ListEndpointsRequest } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { type CallerFrame, ExchangeRequest } from "#proto/twinspan/gateway/v1/exchange.ts";
import { InvokeRequest, InvokeStreamRequest } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ChatRequest, EmbedRequest, StreamChatRequest } from "#proto/twinspan/inference/v1/inference_service.ts";
import type { Message } from "#proto/twinspan/inference/v1/prompt.ts";
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

/** What there is in the workspace `home`, and nowhere else. */
export interface Home {
  readonly endpoint: string;
  readonly experiment: string;
  readonly experimentId: string;
  /** A full trace: `tr-…`. */
  readonly full: string;
  /** An agent's trace with a mirror. */
  readonly agent: string;
}

/** An RPC, and what comes of it. */
export interface RpcRow {
  readonly service: "gateway" | "traceWriter";
  /** Who may: one of these suffices. `anyone`: also who shows no key. */
  readonly roles: readonly Role[] | "anyone";
  readonly request: (home: Home) => Uint8Array;
  /** What a key of the workspace gets that may: a status, and whether anything of `home` is in the answer. */
  readonly own: string;
  /** What a key of another workspace gets that may. */
  readonly foreign: string;
  /** What a key of another workspace gets that may not. Default: PERMISSION_DENIED. */
  readonly foreignDenied?: string;
}

const NOTHING = new Uint8Array();
const INVOKED = {
  service: "gateway",
  roles: ["invoke", "admin"],
  foreign: "NOT_FOUND",
  foreignDenied: "NOT_FOUND",
} as const;
const READ = { service: "traceWriter", roles: ["read-traces", "read-payloads", "admin"] } as const;
const WRITE = { service: "traceWriter", roles: ["write-traces", "admin"] } as const;
const ADMIN = { service: "traceWriter", roles: ["admin"] } as const;
const OPEN = { roles: "anyone", own: "OK", foreign: "OK" } as const;
const FAR_FUTURE = 4_000_000_000_000_000_000n;

const openedWith = (invocation: Invocation): CallerFrame => ({
  id: 1,
  frame: { $case: "open", value: { metadata: [], timeoutMillis: 0, invocation, isWhole: true } },
});
const bodyOf = (model: string) =>
  Buffer.from(JSON.stringify({ model, messages: [{ role: "user", content: "hello" }] }));
const invocationOf = ({ endpoint }: Home) => ({
  dialect: Dialect.DIALECT_OPENAI_CHAT,
  endpoint: "",
  body: bodyOf(endpoint),
  target: undefined,
  headers: [],
  credentials: [],
});
const PROMPT = {
  messages: [
    { message: { $case: "user", value: { parts: [{ part: { $case: "text", value: "hello" } }] } } } satisfies Message,
  ],
  tools: [],
  toolChoice: undefined,
  outputFormat: undefined,
  sampling: undefined,
  reasoning: undefined,
};
const typed = ({ endpoint }: Home) => ({ endpoint, prompt: PROMPT });
const search = ({ experimentId }: Home) => ({
  experimentIds: [experimentId],
  pending: false,
  unclaimed: false,
  pageSize: 10,
  pageToken: "",
  filter: "",
  orderBy: "",
});

/** Every RPC there is. A test holds it to the contract. */
export const RPC_ROWS: Readonly<Record<string, RpcRow>> = {
  "/twinspan.gateway.v1.GatewayService/Invoke": {
    ...INVOKED,
    own: "OK",
    request: (home) => InvokeRequest.encode({ invocation: invocationOf(home) }).finish(),
  },
  "/twinspan.gateway.v1.GatewayService/InvokeStream": {
    ...INVOKED,
    own: "OK",
    request: (home) => InvokeStreamRequest.encode({ invocation: invocationOf(home) }).finish(),
  },
  // Whoever opens the stream, its key is none of its invocations': this one is refused, in a frame that shows nothing.
  "/twinspan.gateway.v1.GatewayService/Exchange": {
    ...OPEN,
    service: "gateway",
    request: (home) => ExchangeRequest.encode({ frames: [openedWith(invocationOf(home))] }).finish(),
  },
  "/twinspan.inference.v1.InferenceService/Chat": {
    ...INVOKED,
    own: "OK",
    request: (home) => ChatRequest.encode(typed(home)).finish(),
  },
  "/twinspan.inference.v1.InferenceService/StreamChat": {
    ...INVOKED,
    own: "OK",
    request: (home) => StreamChatRequest.encode(typed(home)).finish(),
  },
  "/twinspan.inference.v1.InferenceService/Embed": {
    ...INVOKED,
    own: "OK",
    request: ({ endpoint }) => EmbedRequest.encode({ endpoint, texts: ["hello"] }).finish(),
  },
  "/twinspan.gateway.v1.EndpointService/ListEndpoints": {
    service: "gateway",
    roles: ["invoke", "read-traces", "read-payloads", "admin"],
    own: "OK shown",
    foreign: "OK",
    request: () => ListEndpointsRequest.encode({ details: true }).finish(),
  },
  "/twinspan.gateway.v1.EndpointService/GetEndpoint": {
    service: "gateway",
    roles: ["invoke", "read-traces", "read-payloads", "admin"],
    own: "OK shown",
    foreign: "NOT_FOUND",
    request: ({ endpoint }) => GetEndpointRequest.encode({ name: endpoint, details: false }).finish(),
  },
  // Records name their workspaces: the gateway's key, whichever workspace it is of, is the only one that may.
  "/twinspan.trace.v1.TraceWriterService/WriteInvocations": {
    service: "traceWriter",
    roles: ["record"],
    own: "OK",
    foreign: "OK",
    request: () =>
      WriteInvocationsRequest.encode({
        records: [{ full: undefined, payloads: [], mirror: undefined, payloadShed: false }],
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
  "/grpc.health.v1.Health/Check": { ...OPEN, service: "gateway", request: () => NOTHING },
  "/grpc.health.v1.Health/List": {
    ...OPEN,
    service: "gateway",
    request: () => NOTHING,
  },
  "/grpc.health.v1.Health/Watch": { ...OPEN, service: "traceWriter", request: () => NOTHING },
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": {
    ...OPEN,
    service: "traceWriter",
    request: () => NOTHING,
  },
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": {
    ...OPEN,
    service: "gateway",
    request: () => NOTHING,
  },
};
