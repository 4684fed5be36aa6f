import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readCallerFrames, readGatewayFrames } from "#lib/rpc/read-frames.ts";
import { CallerFrame, ExchangeRequest, ExchangeResponse, GatewayFrame } from "#proto/twinspan/gateway/v1/exchange.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";

/** Both sides of what is copied and what is not. */
const bytes = fc
  .tuple(fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 8_000, max: 20_000 })), fc.nat({ max: 255 }))
  .map(([length, fill]) => Buffer.alloc(length, fill));
const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const headers = fc.array(fc.record({ name: fc.string(), value: fc.string() }), { maxLength: 3 });
const summary: fc.Arbitrary<InvocationSummary> = fc.record({
  traceId: fc.string(),
  errorType: fc.constantFrom(ErrorType.ERROR_TYPE_UNSPECIFIED, ErrorType.ERROR_TYPE_INTERNAL),
  usage: fc.constant(undefined),
  cost: fc.constant(undefined),
  durationNanos: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  providerNanos: fc.constant(0n),
  timeToFirstTokenNanos: fc.constantFrom(undefined, 1n),
  attempts: fc.nat(),
});
const invocation = fc.record({
  dialect: fc.constant(1 as const),
  endpoint: fc.string(),
  body: bytes,
  target: fc.constant(undefined),
  headers,
  credentials: headers,
});
const open = fc.record({
  metadata: headers,
  timeoutMillis: uint32,
  isWhole: fc.boolean(),
  bodyBytes: uint32,
  invocation,
});
const piece = fc.record({
  head: fc.option(fc.record({ status: fc.nat({ max: 999 }), headers }), { nil: undefined }),
  chunk: bytes,
  summary: fc.option(summary, { nil: undefined }),
  continues: fc.boolean(),
});

const callerFrame: fc.Arbitrary<CallerFrame> = fc.record({
  id: uint32,
  frame: fc.oneof(
    fc.record({ $case: fc.constant("body" as const), value: bytes }),
    fc.record({ $case: fc.constant("open" as const), value: open }),
    fc.record({ $case: fc.constant("credit" as const), value: uint32 }),
    fc.constant({ $case: "end" as const, value: {} }),
    fc.constant(undefined),
  ),
});
const gatewayFrame: fc.Arbitrary<GatewayFrame> = fc.record({
  id: uint32,
  frame: fc.oneof(
    fc.record({ $case: fc.constant("piece" as const), value: piece }),
    fc.record({ $case: fc.constant("head" as const), value: fc.record({ metadata: headers }) }),
    fc.constant({ $case: "drain" as const, value: {} }),
    fc.constant(undefined),
  ),
});

/** A field that a later version of the contract may have, or nothing. */
const later = fc.constantFrom(
  [],
  new BinaryWriter()
    .uint32((15 << 3) | 2)
    .bytes(Buffer.from("later"))
    .finish(),
);

/** Messages of such frames, with fields that are not known here among them. */
function messagesOf<Frame>(frame: fc.Arbitrary<Frame>, { encode }: { encode(frame: Frame): BinaryWriter }) {
  return fc.array(fc.tuple(frame, later, later), { maxLength: 5 }).map((frames) => {
    const writer = new BinaryWriter();
    for (const [known, inFrame, inMessage] of frames) {
      const bytes = Buffer.concat([encode(known).finish(), Buffer.from(inFrame)]);
      writer
        .uint32((1 << 3) | 2)
        .bytes(bytes)
        .raw(Buffer.from(inMessage));
    }
    return Buffer.from(writer.finish());
  });
}

test("frames are read as the generated codec reads them, whatever else is in their messages", () => {
  fc.assert(
    fc.property(messagesOf(callerFrame, CallerFrame), messagesOf(gatewayFrame, GatewayFrame), (request, response) => {
      expect(readCallerFrames(request)).toEqual(ExchangeRequest.decode(request));
      expect(readGatewayFrames(response)).toEqual(ExchangeResponse.decode(response));
    }),
  );
});

test("the bytes of large bodies are views of their message, small ones never", () => {
  const frames = [100, 9 * 1024, 64 * 1024].map(
    (length, id): CallerFrame => ({ id, frame: { $case: "body", value: Buffer.alloc(length, id) } }),
  );
  const message = Buffer.from(ExchangeRequest.encode({ frames }).finish());
  const read = readCallerFrames(message).frames.map(({ frame }) => frame?.$case === "body" && frame.value.buffer);
  expect(read.map((buffer) => buffer === message.buffer)).toEqual([false, true, true]);
});

test("chunks of answers are views of their message where they are half of it or more", () => {
  const frames = [9 * 1024, 100, 24 * 1024, 64 * 1024].map((length, id): GatewayFrame => {
    const piece = { head: undefined, chunk: Buffer.alloc(length, id), summary: undefined, continues: false };
    return { id, frame: { $case: "piece", value: piece } };
  });
  const message = Buffer.from(ExchangeResponse.encode({ frames }).finish());
  const read = readGatewayFrames(message).frames.map(
    ({ frame }) => frame?.$case === "piece" && frame.value.chunk.buffer,
  );
  expect(read.map((buffer) => buffer === message.buffer)).toEqual([false, false, false, true]);
});
