import { type Client, credentials, Metadata, makeGenericClientConstructor, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { call, newDirectory, type Running, startRunning } from "./running.ts";
import { resourceSpans, span, spanId, traceId } from "./sample-traces.ts";

const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
const PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

let running: Running;
let client: Client;
let zipping: Client;
beforeAll(async () => {
  running = await startRunning(newDirectory(), `{ messageBytesMax: ${MESSAGE_BYTES_MAX} }`);
  const Raw = makeGenericClientConstructor({}, "raw");
  client = new Raw(running.address, credentials.createInsecure());
  zipping = new Raw(running.address, credentials.createInsecure(), { "grpc.default_compression_algorithm": 2 });
});
afterAll(async () => {
  client.close();
  zipping.close();
  await running[Symbol.asyncDispose]();
});

const asTheyAre = (bytes: Buffer) => bytes;
/** Sends bytes as an export. */
const send = (bytes: Buffer, over = client) =>
  call<Buffer | undefined>((done) =>
    over.makeUnaryRequest(PATH, asTheyAre, asTheyAre, bytes, new Metadata(), {}, done),
  );

const isUp = async (n: number) => {
  const trace = traceId(n);
  await send(encoded([span({ trace, span: spanId(1) })]));
  const found = await call<GetTraceResponse>((done) => running.reader.getTrace({ traceId: trace, view: 0 }, done));
  expect(found.trace?.info?.spanCount).toBe(1);
};

test("an export of more spans or values than can be held in memory is refused for its size, however few its bytes", async () => {
  const spans = field(1, field(2, Buffer.from(Array(100_001).fill([0x12, 0x00]).flat())));
  const values = field(1, field(1, Buffer.from(Array(1_000_001).fill([0x0a, 0x00]).flat())));
  for (const bytes of [spans, values]) {
    await expect(send(bytes)).rejects.toMatchObject({ kind: "request_too_large", retryAfterMs: undefined });
  }
  await isUp(0x901);
});

test("a message over the limit is RESOURCE_EXHAUSTED without RetryInfo, also where it is so once decompressed", async () => {
  const large = encoded([span({ trace: traceId(1), span: spanId(1), name: "x".repeat(MESSAGE_BYTES_MAX) })]);
  for (const over of [client, zipping]) {
    await expect(send(large, over)).rejects.toMatchObject({
      kind: "request_too_large",
      retryAfterMs: undefined,
      cause: { code: status.RESOURCE_EXHAUSTED },
    });
  }
  await isUp(0x902);
});

test("lengths that are longer than what is there are refused, within the message as at its end", async () => {
  const inner = Buffer.from([0x12, 0x10, 0x0a, 0x02]);
  for (const bytes of [
    Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    Buffer.concat([field(1, inner), field(1, Buffer.alloc(64))]),
  ]) {
    await expect(send(bytes)).rejects.toMatchObject({ kind: "invalid_request" });
  }
});

test("fields that are not known yet are passed over", async () => {
  const trace = traceId(0x903);
  const future = field(77, Buffer.from("future"));
  await send(Buffer.concat([future, encoded([span({ trace, span: spanId(1) })]), future]));
  const found = await call<GetTraceResponse>((done) => running.reader.getTrace({ traceId: trace, view: 0 }, done));
  expect(found.trace?.info?.spanCount).toBe(1);
});

test("whatever becomes of an export's bytes on the way, it is taken or refused, and the service goes on", async () => {
  const whole = encoded([
    span({ trace: traceId(0x904), span: spanId(1), attributes: { text: "a value", count: 7, ratio: 0.5, on: true } }),
    span({ trace: traceId(0x904), span: spanId(2), parent: spanId(1), failed: true }),
  ]);
  const place = fc.nat({ max: whole.length - 1 });
  const damaged = fc.oneof(
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    place.map((end) => whole.subarray(0, end)),
    fc.tuple(place, place).map(([from, to]) => Buffer.concat([whole.subarray(0, from), whole.subarray(to)])),
    fc.array(fc.tuple(place, fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }).map((changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    }),
  );
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      const refusal = await send(bytes).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refusal === undefined) return;
      expect(refusal).toBeInstanceOf(ServiceError);
      expect(refusal).toMatchObject({ kind: "invalid_request" });
    }),
    { numRuns: 500 },
  );
  await isUp(0x905);
});

function encoded(spans: Parameters<typeof resourceSpans>[0]): Buffer {
  return Buffer.from(ExportTraceServiceRequest.encode({ resourceSpans: [resourceSpans(spans)] }).finish());
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
