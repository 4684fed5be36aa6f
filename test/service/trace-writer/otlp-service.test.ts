import { credentials, Metadata, makeGenericClientConstructor } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExportTraceServiceResponse } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { AnyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { GetExperimentResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import type { WriteInvocationsResponse } from "#proto/twinspan/trace/v1/trace_writer_service.ts";
import { call, metadataOf, type Running, startRunning } from "./running.ts";
import { attributes, CANARY, idsOf, record, resourceSpans, span, spanId, T0, traceId } from "./sample-traces.ts";
import { spansOf } from "./writing.ts";

let running: Running;
let next = 0x600;
const fresh = () => next++;
beforeAll(async () => {
  running = await startRunning();
});
afterAll(() => running[Symbol.asyncDispose]());

const write = (records: InvocationRecord[]) =>
  call<WriteInvocationsResponse>((done) => running.writer.writeInvocations({ records }, done));
const exportSpans = (spans: Parameters<typeof resourceSpans>[0], metadata: Readonly<Record<string, string>> = {}) =>
  call<ExportTraceServiceResponse>((done) =>
    running.otlp.export({ resourceSpans: [resourceSpans(spans)] }, metadataOf(metadata), done),
  );
const getTrace = (trace: string, view: 0 | 1 = 0) =>
  call<GetTraceResponse>((done) => running.reader.getTrace({ traceId: trace, view }, done)).then(
    ({ trace: found }) => found,
  );

describe("OTLP", () => {
  const trace = () => traceId(fresh());

  test("without an experiment spans go to Default, by name it is created, by an unknown id they are rejected", async () => {
    const [one, two, three] = [trace(), trace(), trace()];
    await exportSpans([span({ trace: one, span: spanId(1) })]);
    expect((await getTrace(one))?.info?.experimentId).toBe("0");
    await exportSpans([span({ trace: two, span: spanId(1) })], { "x-twinspan-experiment": "made by export" });
    const made = (await getTrace(two))?.info?.experimentId ?? "";
    await exportSpans([span({ trace: three, span: spanId(1) })], { "x-mlflow-experiment-id": made });
    expect((await getTrace(three))?.info?.experimentId).toBe(made);
    const { partialSuccess } = await exportSpans([span({ trace: trace(), span: spanId(1) })], {
      "x-mlflow-experiment-id": "987654",
    });
    expect(partialSuccess?.rejectedSpans).toBe(1n);
    expect(partialSuccess?.errorMessage).toMatch(
      /no experiment of the id.*x-twinspan-experiment.*\(unknown_experiment\)/,
    );
  });

  test("the resources of one export go each to the experiment that it names, and what cannot be filed is told", async () => {
    const traces = Array.from({ length: 6 }, trace);
    const named = (index: number, values: Readonly<Record<string, string | number>>) => {
      const group = resourceSpans([span({ trace: traces[index] ?? "", span: spanId(1) })]);
      return { ...group, resource: { attributes: attributes(values), droppedAttributesCount: 0, entityRefs: [] } };
    };
    const send = (groups: ResourceSpans[], metadata: Readonly<Record<string, string>> = {}) =>
      call<ExportTraceServiceResponse>((done) =>
        running.otlp.export({ resourceSpans: groups }, metadataOf(metadata), done),
      );
    const experimentOf = async (index: number) => {
      const id = (await getTrace(traces[index] ?? ""))?.info?.experimentId ?? "";
      const experiment = { ref: { $case: "id", value: id } } as const;
      return (await call<GetExperimentResponse>((done) => running.experiments.getExperiment({ experiment }, done)))
        .experiment?.name;
    };
    const { partialSuccess } = await send([
      named(0, { "twinspan.experiment": "agent one" }),
      named(1, { "twinspan.experiment": "agent two", "mlflow.experimentId": "987654" }),
      named(2, { "mlflow.experimentId": "0" }),
      named(3, {}),
      named(4, { "mlflow.experimentId": "987654" }),
      named(5, { "twinspan.experiment": 7 }),
    ]);
    expect(await Promise.all([0, 1, 2, 3].map(experimentOf))).toEqual(["agent one", "agent two", "Default", "Default"]);
    expect(partialSuccess?.rejectedSpans).toBe(2n);
    expect(partialSuccess?.errorMessage).toMatch(/\(bad_experiment\).*\(unknown_experiment\)/);
    for (const index of [4, 5]) {
      await expect(getTrace(traces[index] ?? "")).rejects.toMatchObject({ kind: "not_found" });
    }
    await send([named(4, { "twinspan.experiment": "agent one" })], { "x-twinspan-experiment": "asked for" });
    expect(await experimentOf(4)).toBe("asked for");
  });

  test("one trace of several resources goes whole to the experiment of its first span", async () => {
    const whole = trace();
    const part = (service: string, spans: Parameters<typeof resourceSpans>[0]) => {
      const values = attributes({ "service.name": service, "twinspan.experiment": service });
      return { ...resourceSpans(spans), resource: { attributes: values, droppedAttributesCount: 0, entityRefs: [] } };
    };
    const groups = [
      part("tools", [span({ trace: whole, span: spanId(2), parent: spanId(1), start: 1 })]),
      part("planner", [span({ trace: whole, span: spanId(1), start: 0, name: "plan" })]),
    ];
    await call<ExportTraceServiceResponse>((done) => running.otlp.export({ resourceSpans: groups }, done));
    const experiment = { ref: { $case: "name", value: "planner" } } as const;
    const found = await call<GetExperimentResponse>((done) => running.experiments.getExperiment({ experiment }, done));
    expect((await getTrace(whole))?.info).toMatchObject({ experimentId: found.experiment?.id, spanCount: 2 });
  });

  test("an export that names more than a hundred experiments is taken as far as the hundredth", async () => {
    const groups = Array.from({ length: 103 }, (_, index) => {
      const values = attributes({ "twinspan.experiment": `many ${index}` });
      return {
        ...resourceSpans([span({ trace: trace(), span: spanId(1) })]),
        resource: { attributes: values, droppedAttributesCount: 0, entityRefs: [] },
      };
    });
    const { partialSuccess } = await call<ExportTraceServiceResponse>((done) =>
      running.otlp.export({ resourceSpans: groups }, done),
    );
    expect(partialSuccess?.rejectedSpans).toBe(3n);
    expect(partialSuccess?.errorMessage).toContain("(too_many_experiments)");
  });

  test("spans are stored as sent", async () => {
    const sent = span({ trace: trace(), span: spanId(1), attributes: { "my.key": "value" }, failed: true });
    await exportSpans([sent]);
    expect((await getTrace(sent.traceId.toString("hex")))?.resourceSpans).toEqual([resourceSpans([sent])]);
  });

  test("spans that break a rule are rejected one by one, with counts by reason", async () => {
    const good = trace();
    const { partialSuccess } = await exportSpans([
      span({ trace: good, span: spanId(1) }),
      span({ trace: "00", span: spanId(1) }),
      span({ trace: good, span: spanId(2), start: 50, end: 10 }),
      { ...span({ trace: good, span: spanId(3) }), startTimeUnixNano: 0n },
      { ...span({ trace: good, span: spanId(4) }), endTimeUnixNano: 2n ** 64n - 1n },
    ]);
    expect(partialSuccess?.rejectedSpans).toBe(4n);
    for (const reason of ["bad_trace_id", "end_before_start", "no_start", "future"]) {
      expect(partialSuccess?.errorMessage).toContain(`(${reason})`);
    }
    expect((await getTrace(good))?.info?.spanCount).toBe(1);
  });

  test("a batch in which no span has ids is an invalid request, an empty one is fine", async () => {
    await expect(exportSpans([span({ trace: "", span: "" })])).rejects.toMatchObject({ kind: "invalid_request" });
    expect(await exportSpans([])).toEqual({ partialSuccess: undefined });
  });

  test("bytes that cannot be decoded are an invalid request, not our failure", async () => {
    const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const raw = { requestStream: false, responseStream: false } as const;
    const pass = (bytes: Buffer) => bytes;
    const serializers = {
      requestSerialize: pass,
      requestDeserialize: pass,
      responseSerialize: pass,
      responseDeserialize: pass,
    };
    const Client = makeGenericClientConstructor({ export: { path, ...raw, ...serializers } }, "raw");
    const client = new Client(running.address, credentials.createInsecure());
    const cut = Buffer.from([0x0a, 0x7f, 0x01]);
    for (const bytes of [cut, nestedRequest()]) {
      await expect(call((done) => client["export"]?.(bytes, new Metadata(), done))).rejects.toMatchObject({
        kind: "invalid_request",
      });
    }
    client.close();
  });

  test("a value is read again however deep it nests, or its span is rejected", async () => {
    for (const levels of [29, 30, 31, 44, 46, 47]) {
      const nested = {
        ...span({ trace: trace(), span: spanId(1) }),
        attributes: [{ key: "deep", value: lists(levels) }],
      };
      const { partialSuccess } = await exportSpans([nested]);
      const read = getTrace(nested.traceId.toString("hex"));
      if (levels <= 30) expect(spansOf(await read)).toEqual([nested]);
      else await expect(read).rejects.toMatchObject({ kind: "not_found" });
      expect(partialSuccess?.errorMessage ?? "").toMatch(levels <= 30 ? "" : "(too_deep)");
    }
  });

  test("a read without payload has no messages in events either", async () => {
    const event = (name: string, values: Readonly<Record<string, string>>) => ({
      timeUnixNano: T0,
      name,
      attributes: attributes(values),
      droppedAttributesCount: 0,
    });
    const sent = {
      ...span({ trace: trace(), span: spanId(1) }),
      events: [
        event("gen_ai.user.message", { content: CANARY }),
        event("exception", { "exception.message": CANARY }),
        event("prompted", { "gen_ai.input.messages": CANARY, step: "1" }),
      ],
    };
    await exportSpans([sent]);
    const found = await getTrace(sent.traceId.toString("hex"), 1);
    expect(spansOf(found).map(({ events }) => events)).toEqual([[event("prompted", { step: "1" })]]);
    expect(spansOf(await getTrace(sent.traceId.toString("hex")))).toEqual([sent]);
  });

  test("a span of a mirror and one of a sealed trace are rejected, and say so", async () => {
    const n = fresh();
    await write([record({ n, caller: { trace: traceId(n), span: spanId(1) } })]);
    const { partialSuccess } = await exportSpans([
      span({ trace: idsOf(n).full, span: spanId(1) }),
      span({ trace: traceId(n), span: idsOf(n).mirror }),
    ]);
    expect(partialSuccess?.rejectedSpans).toBe(2n);
    expect(partialSuccess?.errorMessage).toMatch(/sealed_trace.*mirror_span/);
  });
});

/** An export whose one attribute is nested deeper than a decoder may go. */
function nestedRequest(): Buffer {
  let value: Buffer = Buffer.alloc(0);
  for (let level = 0; level < 120; level += 1) value = field(level % 2 === 0 ? 1 : 5, value);
  const keyValue = field(2, value);
  return field(1, field(2, field(2, field(9, keyValue))));
}

/** A text in a list in a list … */
function lists(levels: number): AnyValue {
  if (levels === 0) return { value: { $case: "stringValue", value: "bottom" } };
  return { value: { $case: "arrayValue", value: { values: [lists(levels - 1)] } } };
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
