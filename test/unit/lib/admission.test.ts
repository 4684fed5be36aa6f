import { expect, test } from "vitest";
import { Admission } from "#lib/load/admission.ts";
import { until } from "../../../tools/until.ts";

test("no more calls are let in than there may be, and a turn is given back once", () => {
  using admission = new Admission("test.limits", { callsMax: 2, loopDelayMsMax: 60_000 });
  const first = admission.enter();
  admission.enter();
  expect(() => admission.enter()).toThrow("Too much at once: 2 calls are under way (test.limits.callsMax).");
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(admission.calls).toBe(1);
  admission.enter();
  expect(() => admission.enter()).toThrow();
  expect(admission.shed).toEqual({ calls: 2, event_loop: 0 });
  expect(admission.trouble).toMatch(/^overloaded: calls are turned away \(2 under way/);
});

test("a process that is late with everything lets nothing in until it keeps up", async () => {
  using admission = new Admission("test.limits", { callsMax: 1_000, loopDelayMsMax: 30 });
  const isLate = () => {
    try {
      admission.enter()[Symbol.dispose]();
      return false;
    } catch {
      return true;
    }
  };
  let isBusy = true;
  const beBusy = () => {
    const end = performance.now() + 100;
    while (performance.now() < end);
    if (isBusy) setTimeout(beBusy, 1);
  };
  beBusy();
  await until("calls are turned away", isLate);
  expect(() => admission.enter()).toThrow("test.limits.loopDelayMsMax");
  isBusy = false;
  await until("calls are let in again", () => !isLate());
});
