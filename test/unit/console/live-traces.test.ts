import fc from "fast-check";
import { expect, test } from "vitest";
import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import {
  listedTraces,
  NOTHING_NEW,
  withAllAdmitted,
  withChanged,
} from "../../../console/src/views/traces/live-traces.ts";

/** A trace that began at that nanosecond. */
function traceAt(start: number, name = ""): TraceInfo {
  return { ...TraceInfo.decode(new Uint8Array()), traceId: `tr-${start}`, startTimeUnixNano: BigInt(start), name };
}

const idsIn = (traces: readonly TraceInfo[]) => traces.map(({ traceId }) => traceId);

test("what is new waits until it is let in; what is listed already changes where it stands", () => {
  const read = [traceAt(5), traceAt(3)];
  const live = withChanged(NOTHING_NEW, [traceAt(9), traceAt(3, "changed")]);
  const waiting = listedTraces(read, true, live);
  expect(idsIn(waiting.traces)).toEqual(["tr-5", "tr-3"]);
  expect(waiting.waiting).toBe(1);
  expect(waiting.traces[1]?.name).toBe("changed");
  const admitted = listedTraces(read, true, withAllAdmitted(live));
  expect(idsIn(admitted.traces)).toEqual(["tr-9", "tr-5", "tr-3"]);
  expect(admitted.waiting).toBe(0);
});

test("one that is older than all that was read comes with its page", () => {
  const live = withAllAdmitted(withChanged(NOTHING_NEW, [traceAt(1)]));
  expect(idsIn(listedTraces([traceAt(5)], false, live).traces)).toEqual(["tr-5"]);
  expect(idsIn(listedTraces([traceAt(5)], true, live).traces)).toEqual(["tr-5", "tr-1"]);
});

test("whatever comes, and however often, the list is in order and has each trace once", () => {
  const starts = fc.array(fc.integer({ min: 0, max: 40 }));
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 40 })), starts, starts, (read, first, second) => {
      const live = withAllAdmitted(
        withChanged(
          withChanged(
            NOTHING_NEW,
            first.map((start) => traceAt(start)),
          ),
          second.map((start) => traceAt(start)),
        ),
      );
      const sorted = read.toSorted((one, other) => other - one).map((start) => traceAt(start));
      const { traces } = listedTraces(sorted, true, live);
      const expected = [...new Set([...read, ...first, ...second])].toSorted((one, other) => other - one);
      expect(traces.map(({ startTimeUnixNano }) => Number(startTimeUnixNano))).toEqual(expected);
    }),
  );
});

test("what nobody lets in is bounded", () => {
  const many = Array.from({ length: 3000 }, (_, start) => traceAt(start));
  expect(withChanged(NOTHING_NEW, many).changed.size).toBe(2000);
});
