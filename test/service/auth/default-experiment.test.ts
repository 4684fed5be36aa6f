import { afterAll, beforeAll, expect, test } from "vitest";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import {
  GetExperimentRequest,
  GetExperimentResponse,
  UpdateExperimentRequest,
  UpdateExperimentResponse,
} from "#proto/twinspan/trace/v1/experiment_service.ts";
import { GetTotalsRequest, GetTotalsResponse, TotalsGroup, TotalsKind } from "#proto/twinspan/trace/v1/totals.ts";
import { DeleteTracesRequest, DeleteTracesResponse } from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import { SearchTracesRequest, SearchTracesResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { newCaller } from "../../callers/caller.ts";
import { callRaw, type KeyedServices, startKeyedServices } from "../../system/keyed-services.ts";
import { resourceSpans, span, T0 } from "../trace-writer/sample-traces.ts";
import { EDITOR, EXPERIMENTS, keyIn, READER, readExperiments, traceOf } from "./seen-by-key.ts";

const KEY = keyIn("fresh", "admin", ["admin"]);
const NAMING = keyIn("away", "admin", ["admin"], { defaultExperiment: "of-the-key" });

let services: KeyedServices;
beforeAll(async () => {
  services = await startKeyedServices({
    workspaces: [{ name: "fresh" }, { name: "away" }],
    auth: { keys: [KEY.line, NAMING.line] },
  });
});
afterAll(() => services[Symbol.asyncDispose]());

test("the experiment 0 is the workspace's own Default, for whoever writes, reads, adds up, renames or deletes", async () => {
  const ask = async (path: string, request: Uint8Array) =>
    callRaw(services.traceWriter.address, path, request, { "x-twinspan-key": KEY.key });
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
    { "x-twinspan-key": KEY.key, "x-mlflow-experiment-id": "0" },
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
});

test("spans without an experiment go to the key's own", async () => {
  const { traceId } = newCaller();
  await callRaw(
    services.traceWriter.address,
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    ExportTraceServiceRequest.encode({
      resourceSpans: [resourceSpans([span({ trace: traceId, span: "00f067aa0ba902b7" })])],
    }).finish(),
    { "x-twinspan-key": NAMING.key },
  );
  const { answer } = await readExperiments(
    services,
    NAMING.key,
    "GetExperiment",
    GetExperimentRequest.encode({ experiment: { ref: { $case: "name", value: "of-the-key" } } }).finish(),
  );
  const { experiment } = GetExperimentResponse.decode(answer);
  expect((await traceOf(services, NAMING.key, `tr-${traceId}`))?.info?.experimentId).toBe(experiment?.id);
});
