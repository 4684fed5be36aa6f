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

test("of failures one after the other each is logged, and one that comes again is not", async () => {
  vi.useFakeTimers();
  try {
    const blocks = ["1", "2", "2", "2"];
    const store = {
      async erase() {
        const block = blocks.shift();
        if (block !== undefined)
          throw new Error("cannot be written", { cause: new Error(`block ${block} is damaged`) });
        return true;
      },
    };
    const lines: string[] = [];
    const log = createLogger("trace-writer", "warn", { write: (line: string) => void lines.push(line) });
    await using _ = startErasing(store, log);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(blocks).toEqual([]);
    expect(lines.map((line) => /block \d/.exec(line)?.[0])).toEqual(["block 1", "block 2"]);
  } finally {
    vi.useRealTimers();
  }
});
