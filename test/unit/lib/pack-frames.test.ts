import fc from "fast-check";
import { expect, test } from "vitest";
import { callerFramesPacker } from "#lib/rpc/pack-frames.ts";
import { type CallerFrame, ExchangeRequest } from "#proto/twinspan/gateway/v1/exchange.ts";

/** Both sides of what is packed apart and what is not. */
const bytes = fc
  .tuple(fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 8_000, max: 20_000 })), fc.nat({ max: 255 }))
  .map(([length, fill]) => Buffer.alloc(length, fill));
const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const frames: fc.Arbitrary<CallerFrame[]> = fc.array(
  fc.record({
    id: uint32,
    frame: fc.oneof(
      fc.record({ $case: fc.constant("body" as const), value: bytes }),
      fc.record({ $case: fc.constant("credit" as const), value: uint32 }),
      fc.constant({ $case: "end" as const, value: {} }),
      fc.constant(undefined),
    ),
  }),
  { maxLength: 6 },
);

test("messages that are packed one after another are each what the generated codec reads as it was", () => {
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 5 }), (messages) => {
      const pack = callerFramesPacker();
      for (const frames of messages) expect(ExchangeRequest.decode(pack({ frames }))).toEqual({ frames });
    }),
  );
});

test("what could not be packed leaves nothing behind", () => {
  const pack = callerFramesPacker();
  const whole: CallerFrame = { id: 1, frame: { $case: "body", value: Buffer.alloc(10_000, 1) } };
  expect(() => pack({ frames: [whole, { id: -1, frame: undefined }] })).toThrow();
  expect(ExchangeRequest.decode(pack({ frames: [whole] }))).toEqual({ frames: [whole] });
});
