import type { Role } from "#lib/auth/role.ts";
import { ListExperimentsRequest, ListExperimentsResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import {
  GetTraceRequest,
  GetTraceResponse,
  ListTwinsRequest,
  ListTwinsResponse,
  SearchTracesRequest,
  SearchTracesResponse,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { callRaw, type KeyedServices, keyFor, untilRecorded } from "../../system/keyed-services.ts";

/** The trace-writer's services, as paths. */
export const READER = "/twinspan.trace.v1.TraceReaderService";
export const EXPERIMENTS = "/twinspan.trace.v1.ExperimentService";
export const EDITOR = "/twinspan.trace.v1.TraceEditorService";

/** A key of a workspace. */
export const keyIn = (workspace: string, name: string, roles: readonly Role[], more: object = {}) =>
  keyFor(`${workspace}-${name}`, roles, { workspace, ...more });

/** A call, once it is stored: its status, and the full trace's name. Empty: it has none. */
export async function call(services: KeyedServices, key: string, model: string, traceparent: string, content: string) {
  const response = await fetch(`${services.ingress.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", traceparent },
    body: JSON.stringify({ model, messages: [{ role: "user", content }] }),
  });
  const text = await response.text();
  await untilRecorded(services);
  return { status: response.status, text, full: response.headers.get("x-twinspan-trace-id") ?? "" };
}

/** Asks the trace-writer's reader with a key. */
export function read(services: KeyedServices, key: string, method: string, request: Uint8Array) {
  return callRaw(services.traceWriter.address, `${READER}/${method}`, request, { "x-twinspan-key": key });
}

/** The same of experiments. */
export function readExperiments(services: KeyedServices, key: string, method: string, request: Uint8Array) {
  return callRaw(services.traceWriter.address, `${EXPERIMENTS}/${method}`, request, { "x-twinspan-key": key });
}

/** A trace with its payloads, where the key may see it. */
export async function traceOf(services: KeyedServices, key: string, traceId: string): Promise<Trace | undefined> {
  const { status, answer } = await read(
    services,
    key,
    "GetTrace",
    GetTraceRequest.encode({ traceId, view: 2 }).finish(),
  );
  return status === "OK" ? GetTraceResponse.decode(answer).trace : undefined;
}

/** The names of the traces that are twins of one, as the key may see them. */
export async function twinsOf(services: KeyedServices, key: string, traceId: string): Promise<readonly string[]> {
  const request = ListTwinsRequest.encode({ traceId, pageSize: 10, pageToken: "" }).finish();
  const { answer } = await read(services, key, "ListTwins", request);
  return ListTwinsResponse.decode(answer).traces.map((info) => info.traceId);
}

/** Everything that a key's workspace holds, as its readers see it. */
export async function everythingOf(services: KeyedServices, key: string): Promise<readonly string[]> {
  const experiments = ListExperimentsResponse.decode(
    (
      await readExperiments(
        services,
        key,
        "ListExperiments",
        ListExperimentsRequest.encode({ pageSize: 0, pageToken: "", filter: "" }).finish(),
      )
    ).answer,
  ).experiments;
  const scopes = [
    { experimentIds: experiments.map(({ id }) => id), pending: false },
    { experimentIds: [], pending: true },
  ];
  const found = await Promise.all(
    scopes
      .filter(({ experimentIds, pending }) => pending || experimentIds.length > 0)
      .map(async (scope) => {
        const request = { ...scope, unclaimed: false, pageSize: 500, pageToken: "", filter: "", orderBy: "" };
        const { answer } = await read(services, key, "SearchTraces", SearchTracesRequest.encode(request).finish());
        return SearchTracesResponse.decode(answer).traces.map(({ traceId }) => traceId);
      }),
  );
  const traces = await Promise.all(
    found
      .flat()
      .toSorted()
      .map((id) => traceOf(services, key, id)),
  );
  return traces.map((trace) => Buffer.from(GetTraceResponse.encode({ trace }).finish()).toString("base64"));
}
