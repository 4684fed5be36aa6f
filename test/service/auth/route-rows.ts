import { randomUUID } from "node:crypto";
import type { Role } from "#lib/auth/role.ts";
import { ROLES } from "#lib/auth/role.ts";
import { traceId } from "../trace-writer/sample-traces.ts";
import type { Home } from "./rpc-row.ts";

/** A request to a route. */
interface RouteRequest {
  readonly url: string;
  readonly body?: string;
  /** Default: JSON. */
  readonly type?: string;
}

/** A route, and what comes of it. */
export interface RouteRow {
  /** Who may: one of these suffices. `anyone`: also who shows no key. */
  readonly roles: readonly Role[] | "anyone";
  readonly request: (home: Home) => RouteRequest;
  /** What a key of the workspace gets that may: a status, and whether anything of `home` is in the answer. */
  readonly own: string;
  /** What a key of another workspace gets that may. */
  readonly foreign: string;
  /** What a key of another workspace gets that may not. Default: 403. */
  readonly foreignDenied?: string;
}

const MESSAGES = [{ role: "user", content: "hello" }];
const INVOKED = { roles: ["invoke", "admin"], own: "200", foreign: "404", foreignDenied: "404" } as const;
const SHOWN = { roles: ["invoke", "read-traces", "read-payloads", "admin"], own: "200 shown" } as const;
const READ = { roles: ["read-traces", "read-payloads", "admin"], own: "200 shown" } as const;
const FOUND = { ...READ, roles: ["write-traces", ...READ.roles], foreign: "404" } as const;
const WRITE = { roles: ["write-traces", "admin"] } as const;
const ADMIN = { roles: ["admin"] } as const;
const OPEN = { roles: "anyone", own: "200", foreign: "200" } as const;

const call = (url: string, more: object = { messages: MESSAGES }): RouteRow => ({
  ...INVOKED,
  request: ({ endpoint }) => ({ url, body: JSON.stringify({ model: endpoint, ...more }) }),
});
const gemini = (version: string): RouteRow => ({
  ...INVOKED,
  // The model's name stands in what Gemini answers.
  request: ({ endpoint }) => ({
    url: `/gemini/${version}/models/${endpoint}:generateContent`,
    body: JSON.stringify({ contents: [{ role: "user", parts: [{ text: "hello" }] }] }),
  }),
});
const proxied = (): RouteRow => ({
  ...INVOKED,
  // What the scripted provider answers to is not the point: the call has reached it.
  own: "404",
  request: ({ endpoint }) => ({ url: `/gateway/proxy/${endpoint}/nowhere` }),
});
const models = (url: string): RouteRow => ({ ...SHOWN, foreign: "200", request: () => ({ url }) });
const model = (url: string): RouteRow => ({
  ...SHOWN,
  foreign: "404",
  request: ({ endpoint }) => ({ url: `${url}/${endpoint}` }),
});
const get = (url: (home: Home) => string) => (home: Home) => ({ url: url(home) });
const post = (url: string, body: (home: Home) => object) => (home: Home) => ({ url, body: JSON.stringify(body(home)) });
const tags = (version: string): RouteRow => ({
  ...WRITE,
  own: "200",
  foreign: "404",
  request: ({ agent }) => ({ url: `/api/${version}/mlflow/traces/${agent}/tags`, body: '{"key":"a","value":"b"}' }),
});
const deletion = (version: string): RouteRow => ({
  ...ADMIN,
  own: "200",
  foreign: "404",
  request: post(`/api/${version}/mlflow/traces/delete-traces`, ({ experimentId }) => ({
    experiment_id: experimentId,
    trace_ids: [`tr-${traceId(0xdead)}`],
  })),
});

/** A page of the console, which is the same for everyone; where it is not built, the page says so. */
const page = (url: string): RouteRow => ({ roles: "anyone", own: "page", foreign: "page", request: () => ({ url }) });

/** Every route there is. A test holds it to the ingress. */
export const ROUTE_ROWS: Readonly<Record<string, RouteRow>> = {
  "POST /v1/chat/completions": call("/v1/chat/completions"),
  "POST /v1/responses": call("/v1/responses", { input: "hello" }),
  // The provider does not speak it, and nothing translates it: the call has got as far as that.
  "POST /v1/responses/compact": { ...call("/v1/responses/compact", { input: "hello" }), own: "400" },
  "POST /v1/embeddings": call("/v1/embeddings", { input: "hello" }),
  "POST /anthropic/v1/messages": call("/anthropic/v1/messages", { messages: MESSAGES, max_tokens: 9 }),
  "POST /anthropic/v1/messages/count_tokens": { ...call("/anthropic/v1/messages/count_tokens"), own: "400" },
  "POST /gemini/v1beta/models/:name": gemini("v1beta"),
  "POST /gemini/v1/models/:name": gemini("v1"),
  "POST /gateway/mlflow/v1/chat/completions": call("/gateway/mlflow/v1/chat/completions"),
  "POST /gateway/:endpoint/mlflow/invocations": {
    ...INVOKED,
    request: ({ endpoint }) => ({
      url: `/gateway/${endpoint}/mlflow/invocations`,
      body: JSON.stringify({ messages: MESSAGES }),
    }),
  },
  "GET /gateway/proxy/:endpoint/*": proxied(),
  "POST /gateway/proxy/:endpoint/*": proxied(),
  "PUT /gateway/proxy/:endpoint/*": proxied(),
  "PATCH /gateway/proxy/:endpoint/*": proxied(),
  "DELETE /gateway/proxy/:endpoint/*": proxied(),
  "GET /v1/models": models("/v1/models"),
  "GET /v1/models/:name": model("/v1/models"),
  "GET /gateway/mlflow/v1/models": models("/gateway/mlflow/v1/models"),
  "GET /gateway/mlflow/v1/models/:name": model("/gateway/mlflow/v1/models"),
  "GET /anthropic/v1/models": models("/anthropic/v1/models"),
  "GET /anthropic/v1/models/:name": model("/anthropic/v1/models"),
  "GET /gemini/v1beta/models": models("/gemini/v1beta/models"),
  "GET /gemini/v1beta/models/:name": model("/gemini/v1beta/models"),
  "GET /gemini/v1/models": models("/gemini/v1/models"),
  "GET /gemini/v1/models/:name": model("/gemini/v1/models"),
  "POST /v1/traces": {
    ...WRITE,
    own: "200",
    foreign: "200",
    request: post("/v1/traces", () => ({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  traceId: traceId(0xabc),
                  spanId: "00000000000000aa",
                  name: "a",
                  startTimeUnixNano: "1",
                  endTimeUnixNano: "2",
                },
              ],
            },
          ],
        },
      ],
    })),
  },
  "GET /3.0/mlflow/traces/get": {
    ...READ,
    foreign: "404",
    request: get(({ full }) => `/api/3.0/mlflow/traces/get?trace_id=${full}`),
  },
  "GET /3.0/mlflow/traces/batchGet": {
    ...READ,
    foreign: "200",
    request: get(({ full }) => `/api/3.0/mlflow/traces/batchGet?trace_ids=${full}`),
  },
  "POST /3.0/mlflow/traces/batchGetInfos": {
    ...READ,
    foreign: "200",
    request: post("/api/3.0/mlflow/traces/batchGetInfos", ({ full }) => ({ trace_ids: [full] })),
  },
  "POST /3.0/mlflow/traces/search": {
    ...READ,
    foreign: "200",
    request: post("/api/3.0/mlflow/traces/search", ({ experimentId }) => ({
      locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: experimentId } }],
    })),
  },
  "GET /3.0/mlflow/traces/:traceId": {
    ...READ,
    foreign: "404",
    request: get(({ full }) => `/ajax-api/3.0/mlflow/traces/${full}`),
  },
  "GET /2.0/mlflow/get-trace-artifact": {
    ...READ,
    foreign: "404",
    request: get(({ full }) => `/api/2.0/mlflow/get-trace-artifact?request_id=${full}`),
  },
  "GET /3.0/mlflow/get-trace-artifact": {
    ...READ,
    foreign: "404",
    request: get(({ full }) => `/ajax-api/3.0/mlflow/get-trace-artifact?request_id=${full}`),
  },
  "POST /3.0/mlflow/traces": {
    ...WRITE,
    own: "200",
    foreign: "200",
    request: post("/api/3.0/mlflow/traces", () => ({
      trace: {
        trace_info: {
          trace_id: `tr-${traceId(0xdef)}`,
          trace_location: { mlflow_experiment: { experiment_id: "0" } },
          request_time: "2026-01-01T00:00:00Z",
          state: "OK",
        },
      },
    })),
  },
  "PATCH /2.0/mlflow/traces/:traceId/tags": tags("2.0"),
  "PATCH /3.0/mlflow/traces/:traceId/tags": tags("3.0"),
  "DELETE /2.0/mlflow/traces/:traceId/tags": tags("2.0"),
  "DELETE /3.0/mlflow/traces/:traceId/tags": tags("3.0"),
  "POST /2.0/mlflow/traces/delete-traces": deletion("2.0"),
  "POST /3.0/mlflow/traces/delete-traces": deletion("3.0"),
  "GET /2.0/mlflow/experiments/get-by-name": {
    ...FOUND,
    request: get(({ experiment }) => `/api/2.0/mlflow/experiments/get-by-name?experiment_name=${experiment}`),
  },
  "GET /2.0/mlflow/experiments/get": {
    ...FOUND,
    request: get(({ experimentId }) => `/api/2.0/mlflow/experiments/get?experiment_id=${experimentId}`),
  },
  "POST /2.0/mlflow/experiments/create": {
    ...WRITE,
    own: "200",
    foreign: "200",
    request: post("/api/2.0/mlflow/experiments/create", () => ({ name: randomUUID() })),
  },
  "POST /2.0/mlflow/experiments/update": {
    ...ADMIN,
    own: "200",
    foreign: "404",
    request: post("/api/2.0/mlflow/experiments/update", ({ experimentId, experiment }) => ({
      experiment_id: experimentId,
      new_name: experiment,
    })),
  },
  "POST /2.0/mlflow/experiments/search": {
    ...READ,
    foreign: "200",
    request: post("/api/2.0/mlflow/experiments/search", () => ({ max_results: 100 })),
  },
  "GET /metrics": { roles: READ.roles, own: "200", foreign: "200", request: () => ({ url: "/metrics" }) },
  "GET /who-am-i": { roles: ROLES, own: "200", foreign: "200", request: () => ({ url: "/who-am-i" }) },
  "POST /sign-in": {
    roles: "anyone",
    own: "401",
    foreign: "401",
    request: post("/sign-in", () => ({ key: "unknown" })),
  },
  "POST /sign-out": { ...OPEN, request: post("/sign-out", () => ({})) },
  "GET /": { ...OPEN, request: () => ({ url: "/" }) },
  "GET /experiments": page("/experiments"),
  "GET /traces": page("/traces"),
  "GET /traces/:trace": page("/traces/tr-1"),
  "GET /endpoints": page("/endpoints"),
  "GET /setup": page("/setup"),
  // There is none where the console is not built.
  "GET /assets/*": { ...OPEN, own: "404", foreign: "404", request: () => ({ url: "/assets/none.js" }) },
  "GET /version": { ...OPEN, request: () => ({ url: "/version" }) },
  "GET /health": { ...OPEN, request: () => ({ url: "/health" }) },
  "GET /healthz": { ...OPEN, request: () => ({ url: "/healthz" }) },
  "GET /readyz": { ...OPEN, request: () => ({ url: "/readyz" }) },
};
