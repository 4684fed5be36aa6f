import type { IncomingHttpHeaders } from "node:http";
import { Metadata } from "@grpc/grpc-js";

/** HTTP headers that go on as metadata, and the names they get there. Nothing else of a request's headers goes on. */
type Forwarded = readonly (readonly [header: string, key: string])[];

/** What a call to a model takes along (docs: what is taken from the caller). Trace context travels by itself. */
const INVOCATION: Forwarded = [
  ["x-mlflow-experiment-id", "x-mlflow-experiment-id"],
  ["x-twinspan-experiment", "x-twinspan-experiment"],
  ["x-twinspan-session-id", "x-twinspan-session-id"],
  ["x-twinspan-user-id", "x-twinspan-user-id"],
  ["x-mlflow-run-id", "x-mlflow-run-id"],
  ["x-mlflow-gateway-caller", "x-mlflow-gateway-caller"],
  ["host", "x-forwarded-host"],
  ["user-agent", "x-forwarded-user-agent"],
];

/** What an OTLP export takes along: where its spans are filed. */
const EXPORT: Forwarded = [
  ["x-mlflow-experiment-id", "x-mlflow-experiment-id"],
  ["x-twinspan-experiment", "x-twinspan-experiment"],
];

/** What a call of a method takes along: who asks. */
const METHOD: Forwarded = [
  ["authorization", "authorization"],
  ["x-twinspan-key", "x-twinspan-key"],
];

const PRINTABLE = /^[\x20-\x7e]+$/;

/** Hears of a header whose value had to be left out: gRPC metadata takes printable ASCII and nothing else. */
export type OnDropped = (header: string) => void;

/** The metadata of a call to the gateway: the allow-listed headers and the request's id. */
export function invocationMetadataOf(headers: IncomingHttpHeaders, requestId: string, onDropped: OnDropped): Metadata {
  return metadataOf(INVOCATION, headers, requestId, onDropped);
}

/** The metadata of an OTLP export to the trace-writer. */
export function exportMetadataOf(headers: IncomingHttpHeaders, requestId: string, onDropped: OnDropped): Metadata {
  return metadataOf(EXPORT, headers, requestId, onDropped);
}

/** The metadata of a call to a method of the contracts: the caller's credentials and the request's id. */
export function methodMetadataOf(headers: IncomingHttpHeaders, requestId: string, onDropped: OnDropped): Metadata {
  return metadataOf(METHOD, headers, requestId, onDropped);
}

function metadataOf(
  forwarded: Forwarded,
  headers: IncomingHttpHeaders,
  requestId: string,
  onDropped: OnDropped,
): Metadata {
  const metadata = new Metadata();
  metadata.set("x-request-id", requestId);
  for (const [header, key] of forwarded) {
    const value = headers[header];
    if (typeof value !== "string" || value === "") continue;
    if (PRINTABLE.test(value)) metadata.set(key, value);
    else onDropped(header);
  }
  return metadata;
}
