import { expect, test } from "vitest";
import { bytesText } from "#lib/traces/bytes-text.ts";

test("bytes are told in the unit of which there is one at least, with a digit behind the point where there is one to tell", () => {
  expect([0, 812, 4200, 1_000_000, 123_456_789, 1_300_000_000n, 10n ** 16n].map(bytesText)).toEqual([
    "0 B",
    "812 B",
    "4.2 KB",
    "1 MB",
    "123 MB",
    "1.3 GB",
    "10000 TB",
  ]);
});
