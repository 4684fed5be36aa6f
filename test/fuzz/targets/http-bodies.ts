import assert from "node:assert/strict";
import fc from "fast-check";
import { envelopeOf, onlyMessageOf } from "../../../services/ingress/core/connect/connect-envelope.ts";
import { parseDuration, parseTimestamp } from "../../../services/ingress/core/mlflow/proto-json.ts";
import {
  parseNewExperiment,
  parseStartTrace,
  parseTag,
  parseTraceDeletion,
  parseTraceIds,
} from "../../../services/ingress/mlflow/mlflow-edits.ts";
import { parseExperimentSearch, parseTraceSearch } from "../../../services/ingress/mlflow/mlflow-search.ts";
import { changedJson } from "../changed-json.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { CANARY, mutated } from "../mutations.ts";
import { readOrRefused } from "../promises.ts";

const TRACE_ID = `tr-${"0a".repeat(16)}`;
const CLAIM = {
  trace: {
    trace_info: {
      trace_id: TRACE_ID,
      trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "1" } },
      request_time: "2026-01-01T00:00:00.5Z",
      execution_duration: "1.5s",
      state: "OK",
      request_preview: CANARY,
      trace_metadata: { a: CANARY },
      tags: { b: CANARY },
    },
  },
};
/** MLflow's requests, by what reads them. */
const MLFLOW: readonly (readonly [name: string, sample: object, read: (body: Buffer) => unknown])[] = [
  ["a trace that is begun", CLAIM, parseStartTrace],
  [
    "a search of traces",
    {
      locations: [{ mlflow_experiment: { experiment_id: "1" } }],
      filter: CANARY,
      max_results: 10,
      order_by: ["timestamp DESC"],
    },
    parseTraceSearch,
  ],
  ["a search of experiments", { max_results: 10, filter: CANARY, view_type: "ACTIVE_ONLY" }, parseExperimentSearch],
  [
    "a deletion of traces",
    { experiment_id: "1", request_ids: [TRACE_ID], max_timestamp_millis: 5 },
    parseTraceDeletion,
  ],
  ["a tag", { key: CANARY, value: CANARY }, parseTag],
  ["ids of traces", { trace_ids: [TRACE_ID] }, parseTraceIds],
  ["a new experiment", { name: CANARY, tags: [] }, parseNewExperiment],
];

/** What the ingress reads itself: MLflow's requests, and the envelopes of the Connect protocol. */
export const HTTP_BODIES: readonly FuzzTarget[] = [
  ...MLFLOW.map(
    ([name, sample, read]): FuzzTarget => ({
      name: `MLflow's request: ${name}`,
      inputs: fc.oneof(changedJson([sample]), mutated([JSON.stringify(sample)])),
      check(input) {
        readOrRefused(["invalid_request"], () => read(input));
      },
    }),
  ),
  {
    name: "envelopes of Connect",
    inputs: mutated([envelopeOf(0, Buffer.from("{}")), envelopeOf(1, Buffer.from([0x0a, 0x00]))]),
    check(input) {
      const read = readOrRefused(["invalid_request"], () => onlyMessageOf(input));
      if (read !== undefined) assert.ok(envelopeOf(read.isCompressed ? 1 : 0, read.message).equals(input));
    },
  },
  {
    name: "moments and durations",
    inputs: mutated(
      ["2026-01-01T00:00:00.123456789Z", "2026-02-29T23:59:60+14:00", "-1.5s", "315576000000s"],
      ["T", "Z", ":", "."],
    ),
    check(input) {
      const text = input.toString("utf8");
      for (const parsed of [parseTimestamp(text), parseDuration(text)]) {
        assert.ok(parsed === undefined || BigInt.asIntN(64, parsed) === parsed);
      }
    },
  },
];
