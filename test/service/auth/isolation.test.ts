import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { GetEndpointRequest, GetEndpointResponse } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { UpdateTraceTagsRequest } from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import {
  GetTraceInfosRequest,
  GetTraceInfosResponse,
  GetTraceRequest,
  GetTraceResponse,
  ListTwinsRequest,
  SearchTracesRequest,
} from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { newCaller } from "../../callers/caller.ts";
import { callRaw, type KeyedServices, keyFor, startKeyedServices } from "../../system/keyed-services.ts";
import { resourceSpans, span } from "../trace-writer/sample-traces.ts";
import { call as callWith, EDITOR, everythingOf, keyIn, READER, read, traceOf, twinsOf } from "./seen-by-key.ts";

const CANARY = "canary-of-home";
const KEYS = {
  home: keyIn("home", "admin", ["admin"]),
  homeReader: keyIn("home", "reader", ["read-traces"]),
  homeOther: keyIn("home", "other", ["invoke"], { endpoints: ["another"] }),
  away: keyIn("away", "admin", ["admin"]),
};

let services: KeyedServices;
/** A call of home's own: its full trace, and its agent's. */
let own: { readonly full: string; readonly agent: string };

beforeAll(async () => {
  const models = [{ provider: "scripted", model: "echo-1" }];
  services = await startKeyedServices({
    workspaces: [{ name: "home" }, { name: "away" }],
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

/** A call of home's words, once it is stored. */
const call = (key: string, model: string, traceparent: string) => callWith(services, key, model, traceparent, CANARY);

test("a shared endpoint's full trace is its workspace's, the mirror the caller's, and the link leads nowhere without a right", async () => {
  const caller = newCaller();
  const { status, full } = await call(KEYS.away.key, "shared", caller.traceparent);
  expect(status).toBe(200);
  const agent = `tr-${caller.traceId}`;
  const [seen, mirror] = [await traceOf(services, KEYS.home.key, full), await traceOf(services, KEYS.away.key, agent)];
  expect(seen?.info?.metadata).toMatchObject({
    "mlflow.auth.username": "away-admin",
    "twinspan.caller.workspace": "away",
  });
  expect(seen?.info?.linkedTraceIds).toEqual([agent]);
  expect(mirror?.info?.linkedTraceIds).toEqual([full]);
  expect(Buffer.from(GetTraceResponse.encode({ trace: mirror }).finish()).toString("latin1")).not.toContain(CANARY);
  expect(await traceOf(services, KEYS.away.key, full)).toBeUndefined();
  expect(await traceOf(services, KEYS.home.key, agent)).toBeUndefined();
  expect(await twinsOf(services, KEYS.home.key, full)).toEqual([]);
  expect(await twinsOf(services, KEYS.away.key, agent)).toEqual([]);
  expect(await twinsOf(services, KEYS.home.key, own.full)).toEqual([own.agent]);
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
  const before = await everythingOf(services, KEYS.home.key);
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
  expect(await everythingOf(services, KEYS.home.key)).toEqual(before);

  const { full } = await call(KEYS.away.key, "shared", `00-${own.full.slice(3)}-00f067aa0ba902b7-01`);
  const after = await everythingOf(services, KEYS.home.key);
  expect(after).toEqual(expect.arrayContaining([...before]));
  expect(after).toHaveLength(before.length + 1);
  expect((await traceOf(services, KEYS.away.key, own.full))?.info).toMatchObject({
    linkedTraceIds: [full],
    sealed: false,
  });
  expect((await traceOf(services, KEYS.home.key, own.full))?.info).toMatchObject({
    linkedTraceIds: [own.agent],
    sealed: true,
  });
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
  const whole = await traceOf(services, KEYS.home.key, own.full);
  expect(Buffer.from(GetTraceResponse.encode({ trace: whole }).finish()).toString("latin1")).toContain(CANARY);
  const { status, answer } = await read(
    services,
    KEYS.homeReader.key,
    "GetTrace",
    GetTraceRequest.encode({ traceId: own.full, view: 2 }).finish(),
  );
  expect(status).toBe("OK");
  expect(answer.toString("latin1")).not.toContain(CANARY);
  const infos = await read(
    services,
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
    const asked = await read(
      services,
      KEYS.homeReader.key,
      "SearchTraces",
      SearchTracesRequest.encode(request).finish(),
    );
    expect([asked.status, filter]).toEqual(["PERMISSION_DENIED", filter]);
    const allowed = await read(services, KEYS.home.key, "SearchTraces", SearchTracesRequest.encode(request).finish());
    expect([allowed.status, filter]).toEqual(["OK", filter]);
  }
});

test("a refusal at a known endpoint leaves a light trace on both sides; one without an endpoint, or a name, none", async () => {
  const caller = newCaller();
  const before = (await everythingOf(services, KEYS.home.key)).length;
  const refused = await call(KEYS.homeOther.key, "private", caller.traceparent);
  expect(refused.status).toBe(403);
  expect(JSON.parse(refused.text)).toMatchObject({ error: { message: expect.stringContaining("may not invoke") } });
  const trace = await traceOf(services, KEYS.home.key, refused.full);
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
  expect((await everythingOf(services, KEYS.home.key)).length).toBe(before + 4);
});
