import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatExperimentToken,
  formatTraceToken,
  parseExperimentToken,
  parseTraceToken,
} from "../../../services/trace-writer/core/search/page-token.ts";

const key = fc.record({
  at: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  traceId: fc.stringMatching(/^[0-9a-f]{32}$/),
});

test("a token is read as it was written, is safe in URLs, and belongs to one search", () => {
  fc.assert(
    fc.property(key, (end) => {
      const token = formatTraceToken(end, "00ff00ff");
      expect(token).toMatch(/^[\w-]+$/);
      expect(parseTraceToken(token, "00ff00ff")).toEqual(end);
      expect(parseTraceToken(token, "00ff00fe")).toBeUndefined();
    }),
  );
});

test("any other string is no token, and never throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      expect(parseTraceToken(text, "00ff00ff")).toBeUndefined();
      expect(parseExperimentToken(text)).toBeUndefined();
    }),
  );
  expect(parseExperimentToken(formatExperimentToken(42n))).toBe(42n);
});
