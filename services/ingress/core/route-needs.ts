import { METHOD_NEEDS, type Need } from "#lib/auth/method-needs.ts";

const READER = "/twinspan.trace.v1.TraceReaderService";
const EDITOR = "/twinspan.trace.v1.TraceEditorService";
const EXPERIMENTS = "/twinspan.trace.v1.ExperimentService";
const INVOKE = "/twinspan.gateway.v1.GatewayService/InvokeStream";
const LIST_ENDPOINTS = "/twinspan.gateway.v1.EndpointService/ListEndpoints";
const GET_ENDPOINT = "/twinspan.gateway.v1.EndpointService/GetEndpoint";

/**
 * What every route asks of its caller: what the RPC asks that it makes, by the RPC's path, or something of its own. An
 * ingress with a route that is not here does not start. Prefixes under which a route is there once more are left out,
 * and so are the contracts' methods, whose paths are the RPCs'.
 */
export const ROUTE_NEEDS: Readonly<Record<string, string | Need>> = {
  "POST /v1/chat/completions": INVOKE,
  "POST /v1/responses": INVOKE,
  "POST /v1/responses/compact": INVOKE,
  "POST /v1/embeddings": INVOKE,
  "POST /anthropic/v1/messages": INVOKE,
  "POST /anthropic/v1/messages/count_tokens": INVOKE,
  "POST /gemini/v1beta/models/:name": INVOKE,
  "POST /gemini/v1/models/:name": INVOKE,
  "POST /gateway/mlflow/v1/chat/completions": INVOKE,
  "POST /gateway/:endpoint/mlflow/invocations": INVOKE,
  "GET /gateway/proxy/:endpoint/*": INVOKE,
  "POST /gateway/proxy/:endpoint/*": INVOKE,
  "PUT /gateway/proxy/:endpoint/*": INVOKE,
  "PATCH /gateway/proxy/:endpoint/*": INVOKE,
  "DELETE /gateway/proxy/:endpoint/*": INVOKE,
  "GET /v1/models": LIST_ENDPOINTS,
  "GET /v1/models/:name": GET_ENDPOINT,
  "GET /gateway/mlflow/v1/models": LIST_ENDPOINTS,
  "GET /gateway/mlflow/v1/models/:name": GET_ENDPOINT,
  "GET /anthropic/v1/models": LIST_ENDPOINTS,
  "GET /anthropic/v1/models/:name": GET_ENDPOINT,
  "GET /gemini/v1beta/models": LIST_ENDPOINTS,
  "GET /gemini/v1beta/models/:name": GET_ENDPOINT,
  "GET /gemini/v1/models": LIST_ENDPOINTS,
  "GET /gemini/v1/models/:name": GET_ENDPOINT,
  "POST /v1/traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  "GET /3.0/mlflow/traces/get": `${READER}/GetTrace`,
  "GET /3.0/mlflow/traces/batchGet": `${READER}/GetTrace`,
  "POST /3.0/mlflow/traces/batchGetInfos": `${READER}/GetTraceInfos`,
  "POST /3.0/mlflow/traces/search": `${READER}/SearchTraces`,
  "GET /3.0/mlflow/traces/:traceId": `${READER}/GetTraceInfos`,
  "GET /2.0/mlflow/get-trace-artifact": `${READER}/GetTrace`,
  "GET /3.0/mlflow/get-trace-artifact": `${READER}/GetTrace`,
  "POST /3.0/mlflow/traces": `${EDITOR}/ClaimTrace`,
  "PATCH /2.0/mlflow/traces/:traceId/tags": `${EDITOR}/UpdateTraceTags`,
  "PATCH /3.0/mlflow/traces/:traceId/tags": `${EDITOR}/UpdateTraceTags`,
  "DELETE /2.0/mlflow/traces/:traceId/tags": `${EDITOR}/UpdateTraceTags`,
  "DELETE /3.0/mlflow/traces/:traceId/tags": `${EDITOR}/UpdateTraceTags`,
  "POST /2.0/mlflow/traces/delete-traces": `${EDITOR}/DeleteTraces`,
  "POST /3.0/mlflow/traces/delete-traces": `${EDITOR}/DeleteTraces`,
  "GET /2.0/mlflow/experiments/get-by-name": `${EXPERIMENTS}/GetExperiment`,
  "GET /2.0/mlflow/experiments/get": `${EXPERIMENTS}/GetExperiment`,
  "POST /2.0/mlflow/experiments/create": `${EXPERIMENTS}/CreateExperiment`,
  "POST /2.0/mlflow/experiments/update": `${EXPERIMENTS}/UpdateExperiment`,
  "POST /2.0/mlflow/experiments/search": `${EXPERIMENTS}/ListExperiments`,
  // Signing in checks the key that it is given; signing out needs none.
  "POST /sign-in": "nothing",
  "POST /sign-out": "nothing",
  "GET /who-am-i": "known",
  // How busy a service is: for its operators.
  "GET /metrics": ["admin", "read-traces"],
  // What says nothing about anyone: where to look, the console's own files, which version is spoken, whether the
  // process lives and can take calls.
  "GET /": "nothing",
  "GET /experiments": "nothing",
  "GET /traces": "nothing",
  "GET /traces/:trace": "nothing",
  "GET /endpoints": "nothing",
  "GET /setup": "nothing",
  "GET /assets/*": "nothing",
  "GET /version": "nothing",
  "GET /health": "nothing",
  "GET /healthz": "nothing",
  "GET /readyz": "nothing",
};

/** Prefixes under which routes are there once more. */
const REPEATED: readonly (readonly [prefix: string, original: string])[] = [
  ["/gateway/openai/", "/"],
  ["/gateway/anthropic/", "/anthropic/"],
  ["/gateway/gemini/", "/gemini/"],
  ["/api/", "/"],
  ["/ajax-api/", "/"],
];

/** What a route asks, by its method and its path in Fastify's words. Undefined: nobody has said. */
export function routeNeedOf(method: string, url: string): Need | undefined {
  if (method === "POST" && METHOD_NEEDS[url] !== undefined) return METHOD_NEEDS[url];
  const asked = askedOf(method, url);
  return typeof asked === "string" && asked.startsWith("/") ? METHOD_NEEDS[asked] : needIn(asked);
}

/** Whether a route may change something, or costs something: all do but those that read. */
export function isOfConsequence(method: string, url: string): boolean {
  return !SAFE_METHODS.includes(method) || askedOf(method, url) === INVOKE;
}

/** Methods that change nothing, unless they invoke an endpoint. */
const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

function askedOf(method: string, url: string): string | Need | undefined {
  const [prefix, original] = REPEATED.find(([repeated]) => url.startsWith(repeated)) ?? ["", ""];
  return ROUTE_NEEDS[`${method === "HEAD" ? "GET" : method} ${original}${url.slice(prefix.length)}`];
}

function needIn(asked: string | Need | undefined): Need | undefined {
  if (typeof asked !== "string") return asked;
  return asked === "nothing" || asked === "known" ? asked : undefined;
}
