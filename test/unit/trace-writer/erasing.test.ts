import { expect, test, vi } from "vitest";
import { createLogger } from "#lib/logger.ts";
import { startErasing } from "../../../services/trace-writer/retention/erasing.ts";

test("what was deleted is erased a second later, what was replaced within a minute, and what comes close together at once", async () => {
  vi.useFakeTimers();
  try {
    let erased = 0;
    const store = {
      async erase() {
        erased += 1;
        return true;
      },
    };
    await using erasing = startErasing(store, createLogger("trace-writer", "silent"));
    const erasedAfter = async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms);
      return erased;
    };
    // What an earlier process has left.
    expect(await erasedAfter(1_000)).toBe(1);
    erasing.committed(new Map([["span_stored", 1]]));
    expect(await erasedAfter(100_000)).toBe(1);
    erasing.committed(new Map([["span_conflict", 1]]));
    expect(await erasedAfter(59_000)).toBe(1);
    expect(await erasedAfter(1_000)).toBe(2);
    erasing.committed(new Map([["span_conflict", 1]]));
    erasing.committed(new Map([["trace_deleted", 1]]));
    expect(await erasedAfter(1_000)).toBe(3);
    expect(await erasedAfter(100_000)).toBe(3);
  } finally {
    vi.useRealTimers();
  }
});
