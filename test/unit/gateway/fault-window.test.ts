import fc from "fast-check";
import { expect, test } from "vitest";
import { FaultWindow } from "../../../services/gateway/core/routing/fault-window.ts";

const WINDOW_MS = 1_000;
const SLICE_MS = 100;

test("it counts what came in the window, to a slice, and nothing before it", () => {
  const step = fc.record({ afterMs: fc.nat(400), isFault: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.nat(3_000), (steps, quietMs) => {
      const window = new FaultWindow(WINDOW_MS);
      const all: { readonly atMs: number; readonly isFault: boolean }[] = [];
      let nowMs = 0;
      for (const { afterMs, isFault } of steps) {
        nowMs += afterMs;
        window.add(isFault, nowMs);
        all.push({ atMs: nowMs, isFault });
      }
      nowMs += quietMs;
      const oldestMs = (Math.floor(nowMs / SLICE_MS) - 9) * SLICE_MS;
      const counted = all.filter(({ atMs }) => atMs >= oldestMs);
      expect(window.totalsAt(nowMs)).toEqual({
        attempts: counted.length,
        faults: counted.filter(({ isFault }) => isFault).length,
      });
    }),
  );
});
