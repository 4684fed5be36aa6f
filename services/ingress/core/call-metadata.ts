import type { IncomingHttpHeaders } from "node:http";
import type { Metadata } from "@grpc/grpc-js";
import { OWN_HEADER } from "#lib/auth/credential.ts";
import { metadataOf } from "#lib/rpc/header-list.ts";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";

/** HTTP headers that go on as metadata, and the names they get there. Nothing else of a request's headers goes on. */
type Forwarded = readonly (readonly [header: string, name: string])[];

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

const PRINTABLE = /^[\x20-\x7e]+$/;

/** Hears of a header whose value had to be left out: gRPC metadata takes printable ASCII and nothing else. */
export type OnDropped = (header: string) => void;

/** What metadata is made of: a request's headers, its id, and the caller's credential. */
export interface RequestFacts {
  readonly headers: IncomingHttpHeaders;
  readonly id: string;
  readonly credential: string;
}

/** The metadata of an invocation: the allow-listed headers, the request's id, and the caller's credential. */
export function invocationMetadataOf(request: RequestFacts, onDropped: OnDropped): Header[] {
  return forwardedOf(INVOCATION, request, onDropped);
}

/** The metadata of an OTLP export to the trace-writer. */
export function exportMetadataOf(request: RequestFacts, onDropped: OnDropped): Metadata {
  return metadataOf(forwardedOf(EXPORT, request, onDropped));
}

/** The metadata of any other call: the request's id, and the caller's credential. */
export function askMetadataOf(request: Omit<RequestFacts, "headers">): Metadata {
  return metadataOf(namingOf(request));
}

function forwardedOf(forwarded: Forwarded, request: RequestFacts, onDropped: OnDropped): Header[] {
  const metadata = namingOf(request);
  for (const [header, name] of forwarded) {
    const value = request.headers[header];
    if (typeof value !== "string" || value === "") continue;
    if (PRINTABLE.test(value)) metadata.push({ name, value });
    else onDropped(header);
  }
  return metadata;
}

/** What names a request and its caller. */
function namingOf({ id, credential }: Omit<RequestFacts, "headers">): Header[] {
  const naming = [{ name: "x-request-id", value: id }];
  if (PRINTABLE.test(credential)) naming.push({ name: OWN_HEADER, value: credential });
  return naming;
}
