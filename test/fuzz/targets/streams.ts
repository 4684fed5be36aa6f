import assert from "node:assert/strict";
import type fc from "fast-check";
import { serviceErrorOf } from "#lib/service-error.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { StreamTap } from "../../../services/gateway/dialects/dialect.ts";
import { dialectOf } from "../../../services/gateway/dialects/dialects.ts";
import { EventFraming } from "../../../services/gateway/dialects/event-framing.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { mutated } from "../mutations.ts";
import { readOrRefused } from "../promises.ts";
import { ARRAYS, STREAMS } from "./dialect-samples.ts";
import { invocationOf } from "./requests.ts";

const EVENT_BYTES_MAX = 4_096;
const PAYLOAD_BYTES_MAX = 2_048;
const WORDS = ["data: ", "data: [DONE]\n\n", "event: ", "event: error\n", "\n\n", "\r", ": ", "retry: 1\n"];

/** Answers that stream: how they are cut into events, and what every dialect reads of them. */
export const STREAMED: readonly FuzzTarget[] = [
  {
    name: "server-sent events",
    inputs: mutated(
      STREAMS.flatMap(([, , samples]) => samples),
      WORDS,
    ),
    check(input) {
      const events = eventsOf(input, [input.length]);
      assert.ok(input.equals(Buffer.concat(events.all)) || events.isTooLong, "events are the stream, byte for byte");
      assert.ok(
        events.all.every(({ length }) => length <= EVENT_BYTES_MAX + 2),
        "no event is beyond its limit",
      );
      assert.deepEqual(eventsOf(input, [1, 7, 64]), events);
    },
  },
  ...STREAMS.map(([name, dialect, samples]) =>
    streamTarget(name, dialect, "text/event-stream", mutated(samples, WORDS)),
  ),
  streamTarget(
    "gemini's array",
    Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT,
    "application/json",
    mutated(ARRAYS, ["[", "]", ",", "{}", '"', "\\"]),
  ),
];

function streamTarget(name: string, dialect: Dialect, contentType: string, inputs: fc.Arbitrary<Buffer>): FuzzTarget {
  return {
    name: `a stream of ${name}`,
    inputs,
    check(input) {
      const tap = tapOf(dialect, contentType);
      const passed: Buffer[] = [];
      for (let at = 0; at < input.length; at += 61) passed.push(tap.push(input.subarray(at, at + 61), 1n));
      const before = Buffer.concat(passed);
      assert.ok(before.equals(input.subarray(0, before.length)), "what goes on is the stream, byte for byte");
      const end = readOrRefused(["provider_protocol", ...TOLD], () => tap.end());
      if (end !== undefined) assert.ok(input.subarray(before.length).indexOf(end) === 0, "and so is its end");
      tap.facts();
      const reduced = tap.reduced();
      if (reduced !== undefined) {
        JSON.parse(reduced.bytes.toString());
        assert.ok(reduced.bytes.length <= 2 * PAYLOAD_BYTES_MAX + EVENT_BYTES_MAX, "what is kept has its limit");
      }
      tap.errorEvent(serviceErrorOf(new Error("x")));
    },
  };
}

/** What a provider may tell in its stream. */
const TOLD = [
  "provider_unavailable",
  "provider_rate_limited",
  "provider_rejected",
  "provider_auth",
  "provider_timeout",
] as const;

function tapOf(dialect: Dialect, contentType: string): StreamTap {
  const support = dialectOf(invocationOf(dialect, Buffer.from("{}")));
  assert.ok(support !== undefined);
  const limits = { eventBytesMax: EVENT_BYTES_MAX, payloadBytesMax: PAYLOAD_BYTES_MAX };
  return support.createStreamTap({ withholdUsage: false, contentType, ...limits });
}

/** The events of a stream that comes in pieces of these lengths, in turn, and its rest; up to one that is too long. */
function eventsOf(input: Buffer, lengths: readonly number[]) {
  const framing = new EventFraming(EVENT_BYTES_MAX);
  const all: Buffer[] = [];
  try {
    for (let at = 0, turn = 0; at < input.length; turn += 1) {
      const length = Math.max(1, lengths[turn % lengths.length] ?? 1);
      for (const event of framing.push(input.subarray(at, at + length))) all.push(Buffer.from(event));
      at += length;
    }
    all.push(framing.rest());
    return { all, isTooLong: false };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { all, isTooLong: true };
  }
}
