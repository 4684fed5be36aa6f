import { isPassedHeader } from "#lib/passed-headers.ts";
import type { AnswerHead, Header, InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";

/** Headers of an answer: name, value, name, value … as `writeHead` takes them without building a map. */
export type AnswerHeaders = string[];

/** What the gateway calls the provider's own name for the request. */
const PROVIDERS_ID = "x-provider-request-id";
/** The status that never has a body, not even an empty one. */
const NO_CONTENT = 204;
/** What HTTP takes as a value. */
const VALUE = /^[\x20-\x7e\x80-\xff]*$/;
const TRACE_PARENT = /^[0-9a-f-]{55}$/;
const MILLISECONDS = /^\d{1,12}(\.\d{1,6})?$/;

/** The headers of an answer of which only the beginning is known: a stream's. */
export function streamHeadersOf(head: AnswerHead, leading: readonly Header[], requestId: string): AnswerHeaders {
  const headers = passedOf(head);
  addNames(headers, leading, requestId);
  return headers;
}

/** The headers of an answer that is there as a whole: with its length, and with what it took. */
export function plainHeadersOf(
  head: AnswerHead,
  leading: readonly Header[],
  requestId: string,
  summary: InvocationSummary,
  bodyBytes: number,
): AnswerHeaders {
  const gatewayMs = millisecondsOf(summary.durationNanos);
  const providerMs = millisecondsOf(summary.providerNanos);
  const headers = passedOf(head);
  addNames(headers, leading, requestId, `gateway;dur=${gatewayMs}, provider;dur=${providerMs}`);
  const overheadMs = millisecondsOf(summary.durationNanos - summary.providerNanos);
  headers.push("x-mlflow-gateway-duration-ms", gatewayMs, "x-mlflow-gateway-overhead-duration-ms", overheadMs);
  if (head.status !== NO_CONTENT) headers.push("content-length", String(bodyBytes));
  return headers;
}

/** The headers of a failed call that its trailers (or its initial metadata) know of. */
export function failureHeadersOf(trailers: readonly Header[], requestId: string): AnswerHeaders {
  const headers: AnswerHeaders = [];
  addNames(headers, trailers, requestId);
  for (const name of ["x-mlflow-gateway-duration-ms", "x-mlflow-gateway-overhead-duration-ms"]) {
    const value = textOf(trailers, name);
    if (value !== undefined && MILLISECONDS.test(value)) headers.push(name, value);
  }
  return headers;
}

/** The full trace that metadata names, `tr-<32 hex>`. Undefined: none. */
export function traceNameIn(metadata: readonly Header[]): string | undefined {
  return textOf(metadata, "x-twinspan-trace-id");
}

/** How the caller's limits stand, in the words of the IETF's draft. */
const LIMITS = ["ratelimit-policy", "ratelimit"];

/** Adds those that name the request and its full trace, ours and those of W3C that other tools read, and how its limits stand. */
function addNames(headers: AnswerHeaders, metadata: readonly Header[], requestId: string, timing = ""): void {
  headers.push("x-request-id", requestId);
  for (const name of LIMITS) {
    const value = textOf(metadata, name);
    if (value !== undefined) headers.push(name, value);
  }
  const traceName = traceNameIn(metadata);
  if (traceName !== undefined) headers.push("x-twinspan-trace-id", traceName);
  const traceResponse = textOf(metadata, "traceresponse");
  const isKnown = traceResponse !== undefined && TRACE_PARENT.test(traceResponse);
  if (isKnown) headers.push("traceresponse", traceResponse);
  const parent = isKnown ? `traceparent;desc="${traceResponse}"` : "";
  const serverTiming = parent === "" || timing === "" ? parent + timing : `${parent}, ${timing}`;
  if (serverTiming !== "") headers.push("server-timing", serverTiming);
}

/** Framing and connection headers are ours alone. */
function passedOf(head: AnswerHead): AnswerHeaders {
  const headers: AnswerHeaders = [];
  for (const { name, value } of head.headers) {
    const passes = isPassedHeader(name) || name === PROVIDERS_ID;
    if (passes && VALUE.test(value)) headers.push(name, value);
  }
  return headers;
}

/** What HTTP takes of what is sent under a name. Undefined: nothing. */
function textOf(metadata: readonly Header[], name: string): string | undefined {
  const value = metadata.find((header) => header.name === name)?.value;
  return value !== undefined && value !== "" && VALUE.test(value) ? value : undefined;
}

function millisecondsOf(nanos: bigint): string {
  return (Number(nanos < 0n ? 0n : nanos) / 1e6).toFixed(3);
}
