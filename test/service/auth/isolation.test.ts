import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Role } from "#lib/auth/role.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { GetEndpointRequest, GetEndpointResponse } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import {
  GetExperimentRequest,
  GetExperimentResponse,
  ListExperimentsRequest,
  ListExperimentsResponse,
  UpdateExperimentRequest,
  UpdateExperimentResponse,
} from "#proto/twinspan/trace/v1/experiment_service.ts";
import { GetTotalsRequest, GetTotalsResponse, TotalsGroup, TotalsKind } from "#proto/twinspan/trace/v1/totals.ts";
import { type Trace, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import {
  DeleteTracesRequest,
  DeleteTracesResponse,
  UpdateTraceTagsRequest,
} from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import {
  GetTraceInfosRequest,
  GetTraceInfosResponse,
  GetTraceRequest,
  GetTraceResponse,
  ListTwinsRequest,
  ListTwinsResponse,
  SearchTracesRequest,
  SearchTracesResponse,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { newCaller } from "../../callers/caller.ts";
import { callRaw, type KeyedServices, keyFor, startKeyedServices, untilRecorded } from "../../system/keyed-services.ts";
import { resourceSpans, span, T0 } from "../trace-writer/sample-traces.ts";

const READER = "/twinspan.trace.v1.TraceReaderService";
const EXPERIMENTS = "/twinspan.trace.v1.ExperimentService";
const EDITOR = "/twinspan.trace.v1.TraceEditorService";
const CANARY = "canary-of-home";
const keyIn = (workspace: string, name: string, roles: readonly Role[], more: object = {}) =>
  keyFor(`${workspace}-${name}`, roles, { workspace, ...more });
const KEYS = {
  home: keyIn("home", "admin", ["admin"]),
  homeReader: keyIn("home", "reader", ["read-traces"]),
  homeOther: keyIn("home", "other", ["invoke"], { endpoints: ["another"] }),
  away: keyIn("away", "admin", ["admin"], { defaultExperiment: "of-the-key" }),
};

let services: KeyedServices;
/** A call of home's own: its full trace, and its agent's. */
let own: { readonly full: string; readonly agent: string };

beforeAll(async () => {
  const models = [{ provider: "scripted", model: "echo-1" }];
  services = await startKeyedServices({
    workspaces: [{ name: "home" }, { name: "away" }, { name: "fresh" }],
    auth: { keys: Object.values(KEYS).map(({ line }) => line) },
    endpoints: [
      { name: "shared", workspace: "home", sharedWith: ["away"], experiment: "calls", models },
      { name: "private", workspace: "home", experiment: "calls", models },
      { name: "another", workspace: "home", experiment: "calls", models },
    ],
  });
  const caller = newCaller();
  const { full } = await call(KEYS.home.key, "private", caller.traceparent);
  own = { full, agent: `tr-${caller.traceId}` };
});
afterAll(() => services[Symbol.asyncDispose]());

/** A call, once it is stored: its status, and the full trace's name. Empty: it has none. */
async function call(key: string, model: string, traceparent: string, content = CANARY) {
  const response = await fetch(`${services.ingress.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", traceparent },
    body: JSON.stringify({ model, messages: [{ role: "user", content }] }),
  });
  const text = await response.text();
  await untilRecorded(services);
  return { status: response.status, text, full: response.headers.get("x-twinspan-trace-id") ?? "" };
}

function read(key: string, method: string, request: Uint8Array) {
  return callRaw(services.traceWriter.address, `${READER}/${method}`, request, { "x-twinspan-key": key });
}

function readExperiments(key: string, method: string, request: Uint8Array) {
  return callRaw(services.traceWriter.address, `${EXPERIMENTS}/${method}`, request, { "x-twinspan-key": key });
}

async function traceOf(key: string, traceId: string): Promise<Trace | undefined> {
  const { status, answer } = await read(key, "GetTrace", GetTraceRequest.encode({ traceId, view: 2 }).finish());
  return status === "OK" ? GetTraceResponse.decode(answer).trace : undefined;
}

async function twinsOf(key: string, traceId: string): Promise<readonly string[]> {
  const request = ListTwinsRequest.encode({ traceId, pageSize: 10, pageToken: "" }).finish();
  const { answer } = await read(key, "ListTwins", request);
  return ListTwinsResponse.decode(answer).traces.map((info) => info.traceId);
}

/** Everything that a key's workspace holds, as its readers see it. */
async function everythingOf(key: string): Promise<readonly string[]> {
  const experiments = ListExperimentsResponse.decode(
    (
      await readExperiments(
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
        const { answer } = await read(key, "SearchTraces", SearchTracesRequest.encode(request).finish());
        return SearchTracesResponse.decode(answer).traces.map(({ traceId }) => traceId);
      }),
  );
  const traces = await Promise.all(
    found
      .flat()
      .toSorted()
      .map((id) => traceOf(key, id)),
  );
  return traces.map((trace) => Buffer.from(GetTraceResponse.encode({ trace }).finish()).toString("base64"));
}

test("a shared endpoint's full trace is its workspace's, the mirror the caller's, and the link leads nowhere without a right", async () => {
  const caller = newCaller();
  const { status, full } = await call(KEYS.away.key, "shared", caller.traceparent);
  expect(status).toBe(200);
  const agent = `tr-${caller.traceId}`;
  const [seen, mirror] = [await traceOf(KEYS.home.key, full), await traceOf(KEYS.away.key, agent)];
  expect(seen?.info?.metadata).toMatchObject({
    "mlflow.auth.username": "away-admin",
    "twinspan.caller.workspace": "away",
  });
  expect(seen?.info?.linkedTraceIds).toEqual([agent]);
  expect(mirror?.info?.linkedTraceIds).toEqual([full]);
  expect(Buffer.from(GetTraceResponse.encode({ trace: mirror }).finish()).toString("latin1")).not.toContain(CANARY);
  expect(await traceOf(KEYS.away.key, full)).toBeUndefined();
  expect(await traceOf(KEYS.home.key, agent)).toBeUndefined();
  expect(await twinsOf(KEYS.home.key, full)).toEqual([]);
  expect(await twinsOf(KEYS.away.key, agent)).toEqual([]);
  expect(await twinsOf(KEYS.home.key, own.full)).toEqual([own.agent]);
});

test("of an endpoint that is shared others learn how it is set, and not what its calls come to", async () => {
  await call(KEYS.home.key, "shared", newCaller().traceparent);
  const toldTo = async (key: string) => {
    const { answer } = await callRaw(
      services.gateway.address,
      "/twinspan.gateway.v1.EndpointService/GetEndpoint",
      GetEndpointRequest.encode({ name: "shared", details: true }).finish(),
      { "x-twinspan-key": key },
    );
    return GetEndpointResponse.decode(answer).endpoint;
  };
  const [own, foreign] = [await toldTo(KEYS.home.key), await toldTo(KEYS.away.key)];
  expect(own?.details?.recent?.count).toBeGreaterThan(0n);
  expect(own?.models[0]?.details?.recent?.count).toBeGreaterThan(0n);
  expect(foreign?.details?.policy).toEqual(own?.details?.policy);
  expect([foreign?.details?.recent, foreign?.models[0]?.details?.recent]).toEqual([undefined, undefined]);
});

test("an endpoint of another workspace that is not shared is, to the letter, not there", async () => {
  const caller = newCaller();
  const foreign = await call(KEYS.away.key, "private", caller.traceparent);
  const missing = await call(KEYS.away.key, "missing", caller.traceparent);
  expect(foreign).toEqual({ ...missing, text: missing.text.replaceAll("missing", "private") });
  expect([foreign.status, foreign.full]).toEqual([404, ""]);
});

test("whatever context a caller forges, nothing of another workspace changes, appears or is told", async () => {
  const before = await everythingOf(KEYS.home.key);
  const spanIds = fc.stringMatching(/^[1-9a-f][0-9a-f]{15}$/);
  const traceIds = fc.constantFrom(own.full, own.agent).map((name) => name.slice(3));
  await fc.assert(
    fc.asyncProperty(traceIds, spanIds, async (traceId, spanId) => {
      const forged = await call(KEYS.away.key, "missing", `00-${traceId}-${spanId}-01`);
      expect([forged.status, forged.full]).toEqual([404, ""]);
      const spans = [resourceSpans([span({ trace: traceId, span: spanId, name: "forged" })])];
      const sent = await callRaw(
        services.traceWriter.address,
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        ExportTraceServiceRequest.encode({ resourceSpans: spans }).finish(),
        { "x-twinspan-key": KEYS.away.key },
      );
      // Accepted whole, as under any other id: a refusal would tell that the id is a full trace's.
      expect([sent.status, sent.answer.length]).toEqual(["OK", 0]);
    }),
    { numRuns: 15 },
  );
  expect(await everythingOf(KEYS.home.key)).toEqual(before);

  const { full } = await call(KEYS.away.key, "shared", `00-${own.full.slice(3)}-00f067aa0ba902b7-01`);
  const after = await everythingOf(KEYS.home.key);
  expect(after).toEqual(expect.arrayContaining([...before]));
  expect(after).toHaveLength(before.length + 1);
  expect((await traceOf(KEYS.away.key, own.full))?.info).toMatchObject({ linkedTraceIds: [full], sealed: false });
  expect((await traceOf(KEYS.home.key, own.full))?.info).toMatchObject({ linkedTraceIds: [own.agent], sealed: true });
});

test("to ask after another's trace is to ask after none: the answers are the same but for the id", async () => {
  const requests: readonly (readonly [path: string, request: (traceId: string) => Uint8Array])[] = [
    [`${READER}/GetTrace`, (traceId) => GetTraceRequest.encode({ traceId, view: 0 }).finish()],
    [`${READER}/ListTwins`, (traceId) => ListTwinsRequest.encode({ traceId, pageSize: 0, pageToken: "" }).finish()],
    [`${READER}/GetTraceInfos`, (traceId) => GetTraceInfosRequest.encode({ traceIds: [traceId] }).finish()],
    [
      `${EDITOR}/UpdateTraceTags`,
      (traceId) => UpdateTraceTagsRequest.encode({ traceId, set: { a: "b" }, remove: [] }).finish(),
    ],
  ];
  const probe = keyIn("away", "probe", ["admin"]);
  services.rekey({ keys: [...Object.values(KEYS), probe].map(({ line }) => line) });
  // The full trace of this call is home's, and no forged context has named it.
  const { full } = await call(KEYS.away.key, "shared", newCaller().traceparent);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...requests),
      fc.stringMatching(/^[1-9a-f][0-9a-f]{31}$/),
      async ([path, request], hex) => {
        const asked = async (traceId: string) => {
          const { status, details, answer } = await callRaw(services.traceWriter.address, path, request(traceId), {
            "x-twinspan-key": probe.key,
          });
          return [status, details.replaceAll(traceId, "…"), answer.toString("hex")];
        };
        expect(await asked(full)).toEqual(await asked(`tr-${hex}`));
      },
    ),
    { numRuns: 20 },
  );
});

test("who may read traces and no payload gets none, in no read, and may not ask for it by filters", async () => {
  const whole = await traceOf(KEYS.home.key, own.full);
  expect(Buffer.from(GetTraceResponse.encode({ trace: whole }).finish()).toString("latin1")).toContain(CANARY);
  const { status, answer } = await read(
    KEYS.homeReader.key,
    "GetTrace",
    GetTraceRequest.encode({ traceId: own.full, view: 2 }).finish(),
  );
  expect(status).toBe("OK");
  expect(answer.toString("latin1")).not.toContain(CANARY);
  const infos = await read(
    KEYS.homeReader.key,
    "GetTraceInfos",
    GetTraceInfosRequest.encode({ traceIds: [own.full] }).finish(),
  );
  expect(infos.answer.toString("latin1")).not.toContain(CANARY);
  expect(GetTraceInfosResponse.decode(infos.answer).infos).toHaveLength(1);
  for (const filter of [
    `text ILIKE '%${CANARY}%'`,
    `NOT (status = 'OK' OR trace.text LIKE 'c%')`,
    "span.attributes.mlflow.spanInputs LIKE '%c%'",
    "metadata.mlflow.traceInputs LIKE '%c%'",
  ]) {
    const request = {
      experimentIds: [],
      pending: true,
      unclaimed: false,
      pageSize: 1,
      pageToken: "",
      filter,
      orderBy: "",
    };
    const asked = await read(KEYS.homeReader.key, "SearchTraces", SearchTracesRequest.encode(request).finish());
    expect([asked.status, filter]).toEqual(["PERMISSION_DENIED", filter]);
    const allowed = await read(KEYS.home.key, "SearchTraces", SearchTracesRequest.encode(request).finish());
    expect([allowed.status, filter]).toEqual(["OK", filter]);
  }
});

test("a refusal at a known endpoint leaves a light trace on both sides; one without an endpoint, or a name, none", async () => {
  const caller = newCaller();
  const before = (await everythingOf(KEYS.home.key)).length;
  const refused = await call(KEYS.homeOther.key, "private", caller.traceparent);
  expect(refused.status).toBe(403);
  expect(JSON.parse(refused.text)).toMatchObject({ error: { message: expect.stringContaining("may not invoke") } });
  const trace = await traceOf(KEYS.home.key, refused.full);
  expect(trace?.info).toMatchObject({ state: TraceState.TRACE_STATE_ERROR, linkedTraceIds: [`tr-${caller.traceId}`] });
  expect(trace?.info?.metadata).toMatchObject({ "mlflow.auth.username": "home-other" });
  const text = Buffer.from(GetTraceResponse.encode({ trace }).finish()).toString("latin1");
  expect(text).toContain("permission_denied");
  expect(text).not.toContain(CANARY);
  expect((await call(KEYS.homeOther.key, "another", newCaller().traceparent)).status).toBe(200);
  const unknown = keyFor("unknown", ["admin"]).key;
  expect((await call(unknown, "private", newCaller().traceparent)).status).toBe(401);
  expect((await call(KEYS.homeOther.key, "missing", newCaller().traceparent)).status).toBe(404);
  // Two calls, each with a full trace and one of its caller.
  expect((await everythingOf(KEYS.home.key)).length).toBe(before + 4);
});

test("the experiment 0 is the workspace's own Default, for whoever writes, reads, adds up, renames or deletes", async () => {
  const fresh = keyIn("fresh", "admin", ["admin"]);
  const keys = [...Object.values(KEYS), fresh].map(({ line }) => line);
  services.rekey({ keys });
  const ask = async (path: string, request: Uint8Array) =>
    callRaw(services.traceWriter.address, path, request, { "x-twinspan-key": fresh.key });
  const byId = GetExperimentRequest.encode({ experiment: { ref: { $case: "id", value: "0" } } }).finish();
  const experiment = async () =>
    GetExperimentResponse.decode((await ask(`${EXPERIMENTS}/GetExperiment`, byId)).answer).experiment;
  const search = async () => {
    const request = { experimentIds: ["0"], pending: false, unclaimed: false, pageSize: 9, pageToken: "" };
    const encoded = SearchTracesRequest.encode({ ...request, filter: "", orderBy: "" }).finish();
    const { answer } = await ask(`${READER}/SearchTraces`, encoded);
    return SearchTracesResponse.decode(answer).traces;
  };
  expect([await experiment(), await search()]).toMatchObject([{ id: "0", name: "Default", traceCount: 0n }, []]);

  const { traceId } = newCaller();
  const spans = [resourceSpans([span({ trace: traceId, span: "00f067aa0ba902b7" })])];
  await callRaw(
    services.traceWriter.address,
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    ExportTraceServiceRequest.encode({ resourceSpans: spans }).finish(),
    { "x-twinspan-key": fresh.key, "x-mlflow-experiment-id": "0" },
  );
  const made = await experiment();
  expect(made).toMatchObject({ name: "Default", traceCount: 1n });
  expect(made?.id).not.toBe("0");
  expect(await search()).toMatchObject([{ traceId: `tr-${traceId}`, experimentId: made?.id }]);
  const totals = await ask(
    `${READER}/GetTotals`,
    GetTotalsRequest.encode({
      experimentIds: ["0"],
      startTimeUnixNano: T0,
      endTimeUnixNano: T0 + 1_000_000_000n,
      bucketNanos: 0n,
      kind: TotalsKind.TOTALS_KIND_USAGE,
      groupBy: TotalsGroup.TOTALS_GROUP_UNSPECIFIED,
      groupsMax: 0,
    }).finish(),
  );
  expect(GetTotalsResponse.decode(totals.answer).points).toMatchObject([{ requests: 1n }]);

  const deletion = { experimentId: "0", traceIds: [`tr-${traceId}`], tracesMax: 0 };
  const deleted = await ask(`${EDITOR}/DeleteTraces`, DeleteTracesRequest.encode(deletion).finish());
  expect(DeleteTracesResponse.decode(deleted.answer).tracesDeleted).toBe(1n);
  const renaming = { ...Experiment.decode(new Uint8Array()), id: "0", name: "no longer Default" };
  const renamed = await ask(
    `${EXPERIMENTS}/UpdateExperiment`,
    UpdateExperimentRequest.encode({ experiment: renaming, updateMask: undefined }).finish(),
  );
  expect(UpdateExperimentResponse.decode(renamed.answer).experiment).toMatchObject({ id: made?.id });
  expect(await experiment()).toMatchObject({ id: "0", traceCount: 0n });
  services.rekey({ keys: Object.values(KEYS).map(({ line }) => line) });
});

test("spans without an experiment go to the key's own", async () => {
  const { traceId } = newCaller();
  await callRaw(
    services.traceWriter.address,
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    ExportTraceServiceRequest.encode({
      resourceSpans: [resourceSpans([span({ trace: traceId, span: "00f067aa0ba902b7" })])],
    }).finish(),
    { "x-twinspan-key": KEYS.away.key },
  );
  const { answer } = await readExperiments(
    KEYS.away.key,
    "GetExperiment",
    GetExperimentRequest.encode({ experiment: { ref: { $case: "name", value: "of-the-key" } } }).finish(),
  );
  const { experiment } = GetExperimentResponse.decode(answer);
  expect((await traceOf(KEYS.away.key, `tr-${traceId}`))?.info?.experimentId).toBe(experiment?.id);
});
