import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFilter } from "../../../services/trace-writer/core/search/filter-parser.ts";
import {
  formatExperimentToken,
  formatTailToken,
  formatTraceToken,
  parseExperimentToken,
  parseTailToken,
  parseTraceToken,
} from "../../../services/trace-writer/core/search/page-token.ts";
import { filterText, termText } from "../../service/trace-writer/sample-filters.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { CANARY, mutated } from "../mutations.ts";
import { readOrRefused } from "../promises.ts";

const SCOPE = "00ff00ff";
const WORDS = [
  "AND",
  "OR",
  "NOT",
  "(",
  ")",
  "IN",
  "IS NULL",
  "LIKE",
  "'",
  '"',
  "`",
  "!=",
  "name",
  "duration",
  "span.attributes.",
  "1e9",
];
const FILTERS = [
  `name = '${CANARY}' AND (duration > 5 OR NOT tags.\`a b\` LIKE '%x%')`,
  `span.attributes.weight IN (1, 2.5) AND session IS NOT NULL`,
  `start_time >= '2026-01-01T00:00:00Z' and status != 'ERROR'`,
];

/** What searches are asked with. */
export const QUERIES: readonly FuzzTarget[] = [
  {
    name: "filters",
    inputs: fc.oneof(
      mutated(FILTERS, WORDS),
      filterText(termText).map((text) => Buffer.from(text)),
    ),
    check(input) {
      readOrRefused(["invalid_request"], () => parseFilter(input.toString("utf8")));
    },
  },
  {
    name: "page tokens",
    inputs: mutated([
      formatTraceToken({ at: 7n, traceId: "0a".repeat(16) }, SCOPE),
      formatTailToken("12.34", SCOPE),
      formatExperimentToken(42n),
    ]),
    check(input) {
      const token = input.toString("latin1");
      const key = parseTraceToken(token, SCOPE);
      if (key !== undefined) assert.deepEqual(parseTraceToken(formatTraceToken(key, SCOPE), SCOPE), key);
      const position = parseTailToken(token, SCOPE);
      if (position !== undefined) assert.equal(parseTailToken(formatTailToken(position, SCOPE), SCOPE), position);
      const id = parseExperimentToken(token);
      if (id !== undefined) assert.equal(parseExperimentToken(formatExperimentToken(id)), id);
    },
  },
];
