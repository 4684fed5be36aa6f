import { expect, test } from "vitest";
import { adoptionWaitMsOf } from "../../../services/trace-writer/core/traces/adoption-wait.ts";

test("a trace has waited since its first mirrored call ended, and never less than nothing", () => {
  const rows = [
    { origin: "agent", endNs: 1_000_000_000n },
    { origin: "mirror-gateway", endNs: 5_000_000_000n },
    { origin: "mirror-gateway", endNs: 3_000_000_000n },
    { origin: "mirror-attempt", endNs: 2_000_000_000n },
  ] as const;
  expect(adoptionWaitMsOf(rows, 4_500)).toBe(1_500);
  expect(adoptionWaitMsOf(rows, 2_000)).toBe(0);
  expect(adoptionWaitMsOf(rows.slice(0, 1), 4_500)).toBeUndefined();
});
