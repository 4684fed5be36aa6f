import type { Role } from "./role.ts";

/**
 * What a method or a route asks of its caller: nothing; to be known (the service asks for more once it knows what is
 * called); or one of several roles, whichever.
 */
export type Need = "nothing" | "known" | readonly [Role, ...Role[]];

/** Reads of traces. Without `read-payloads` they come without payload. */
const READ = ["read-traces"] as const;
/** Writes of an agent, of its own traces and experiments. */
const WRITE = ["write-traces"] as const;
/** What changes or removes what others have stored. */
const ADMIN = ["admin"] as const;

/**
 * What every RPC asks of its caller. There is no other list: a server that serves a method which is not here does not
 * start. Invocations ask for `invoke` themselves, once they know the endpoint, so that the refusal leaves a trace
 * there.
 */
export const METHOD_NEEDS: Readonly<Record<string, Need>> = {
  "/twinspan.gateway.v1.GatewayService/Invoke": "known",
  "/twinspan.gateway.v1.GatewayService/InvokeStream": "known",
  // The stream is nobody's: each invocation on it is checked when it is opened, as InvokeStream is.
  "/twinspan.gateway.v1.GatewayService/Exchange": "nothing",
  "/twinspan.inference.v1.InferenceService/Chat": "known",
  "/twinspan.inference.v1.InferenceService/StreamChat": "known",
  "/twinspan.inference.v1.InferenceService/Embed": "known",
  "/twinspan.gateway.v1.EndpointService/ListEndpoints": ["invoke", "read-traces"],
  "/twinspan.gateway.v1.EndpointService/GetEndpoint": ["invoke", "read-traces"],
  "/twinspan.trace.v1.TraceWriterService/WriteInvocations": ["record"],
  "/opentelemetry.proto.collector.trace.v1.TraceService/Export": WRITE,
  "/twinspan.trace.v1.TraceReaderService/GetTrace": READ,
  "/twinspan.trace.v1.TraceReaderService/GetTraceInfos": READ,
  "/twinspan.trace.v1.TraceReaderService/SearchTraces": READ,
  "/twinspan.trace.v1.TraceReaderService/ListTwins": READ,
  "/twinspan.trace.v1.TraceReaderService/TailTraces": READ,
  "/twinspan.trace.v1.TraceReaderService/GetTotals": READ,
  "/twinspan.trace.v1.TraceEditorService/ClaimTrace": WRITE,
  "/twinspan.trace.v1.TraceEditorService/UpdateTraceTags": WRITE,
  "/twinspan.trace.v1.TraceEditorService/DeleteTraces": ADMIN,
  "/twinspan.trace.v1.ExperimentService/CreateExperiment": WRITE,
  // An agent looks its experiment up before it writes to it.
  "/twinspan.trace.v1.ExperimentService/GetExperiment": ["read-traces", "write-traces"],
  "/twinspan.trace.v1.ExperimentService/ListExperiments": READ,
  "/twinspan.trace.v1.ExperimentService/UpdateExperiment": ADMIN,
  // What probes and tools ask: whether a service is well, and what the contract says, which is public.
  "/grpc.health.v1.Health/Check": "nothing",
  "/grpc.health.v1.Health/Watch": "nothing",
  "/grpc.health.v1.Health/List": "nothing",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": "nothing",
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "nothing",
};
