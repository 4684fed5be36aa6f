import fc from "fast-check";
import { expect } from "vitest";
import type { DialectSupport, StreamTap, StreamTapOptions } from "../../../services/gateway/dialects/dialect.ts";
import { cutAt } from "./cut-at.ts";

type Options = Partial<StreamTapOptions>;

const OPTIONS: StreamTapOptions = {
  withholdUsage: false,
  contentType: "text/event-stream",
  eventBytesMax: 10_000,
  payloadBytesMax: 10_000,
};

/**
 * Lets a stream go by the tap of a dialect, and tells what came of it. Limits are 10,000 bytes unless `options` says
 * otherwise.
 */
export function watchText(dialect: DialectSupport, text: string, options: Options = {}) {
  return watchPieces(dialect, [Buffer.from(text)], options);
}

/**
 * Holds a dialect to what every one promises of any stream: wherever the network cuts it, the same goes on and the same
 * is known of it; and what goes on is the stream, byte for byte, up to its terminal event. `contentType`: default,
 * events.
 */
export function expectCutsMakeNoDifference(
  dialect: DialectSupport,
  streams: fc.Arbitrary<string>,
  contentType = OPTIONS.contentType,
): void {
  fc.assert(
    fc.property(streams, fc.array(fc.nat(2_000), { maxLength: 20 }), fc.boolean(), (text, places, withholdUsage) => {
      const options = { contentType, withholdUsage, eventBytesMax: 250 };
      const whole = watchText(dialect, text, options);
      expect(watchPieces(dialect, cutAt(Buffer.from(text), places), options)).toEqual(whole);
    }),
    { numRuns: 1_500 },
  );
  fc.assert(
    fc.property(streams, (text) => {
      const { passed, end } = watchText(dialect, text, { contentType });
      expect(text.startsWith(passed)).toBe(true);
      if (!isFailure(end)) expect(text.startsWith(passed + end)).toBe(true);
    }),
  );
  if (contentType === OPTIONS.contentType) expectLineEndsMakeNoDifference(dialect, streams);
}

/** The same is known of a stream of events whatever its lines end in, also where a byte order mark stands before it. */
function expectLineEndsMakeNoDifference(dialect: DialectSupport, streams: fc.Arbitrary<string>): void {
  const known = (text: string) => {
    const { facts, hasToken, answer, end } = watchText(dialect, text);
    return { facts, hasToken, answer, failure: isFailure(end) ? end : undefined };
  };
  fc.assert(
    fc.property(streams, fc.constantFrom("\n", "\r\n", "\r"), fc.constantFrom("", "\uFEFF"), (text, lineEnd, mark) => {
      const plain = text.replaceAll("\r\n", "\n");
      expect(known(mark + plain.replaceAll("\n", lineEnd))).toEqual(known(plain));
    }),
  );
}

/** Lets a stream go by piece by piece. */
function watchPieces(dialect: DialectSupport, pieces: readonly Buffer[], options: Options = {}) {
  const tap = dialect.createStreamTap({ ...OPTIONS, ...options });
  const passed: Buffer[] = [];
  for (const piece of pieces) passed.push(tap.push(piece, 1n));
  const end = endOf(tap);
  const { firstTokenNanos, ...facts } = tap.facts();
  const reduced = tap.reduced();
  return {
    /** What went on to the caller before the end. */
    passed: Buffer.concat(passed).toString(),
    /** What was held back to the end. Where the end is a failure, its name and message. */
    end,
    facts,
    /** Whether a token came. */
    hasToken: firstTokenNanos !== undefined,
    /** The answer that the stream comes to, parsed. Undefined: nothing came. */
    answer: reduced === undefined ? undefined : JSON.parse(reduced.bytes.toString()),
    /** Whether that was cut at its limit. */
    truncated: reduced?.truncated,
  };
}

function endOf(tap: StreamTap): string {
  try {
    return tap.end().toString();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : "no error";
  }
}

function isFailure(end: string): boolean {
  return end.startsWith("ServiceError");
}
