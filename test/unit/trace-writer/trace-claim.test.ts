import fc from "fast-check";
import { expect, test } from "vitest";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import {
  canonicalClaimOf,
  checkClaim,
  claimReplaces,
  type StoredClaim,
} from "../../../services/trace-writer/core/traces/trace-claim.ts";
import { checkTagEdit } from "../../../services/trace-writer/core/traces/trace-tags.ts";

const CLAIM: TraceClaim = {
  traceId: `tr-${"a".repeat(32)}`,
  experiment: { ref: { $case: "id", value: "0" } },
  state: TraceState.TRACE_STATE_OK,
  startTimeUnixNano: 1n,
  durationNanos: 0n,
  clientRequestId: "",
  requestPreview: "",
  responsePreview: "",
  metadata: {},
  tags: {},
};
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`, ""]));

test.each<[string, Partial<TraceClaim>]>([
  ["trace_id", { traceId: "tr-1" }],
  ["experiment", { experiment: undefined }],
  ["experiment", { experiment: { ref: { $case: "id", value: "" } } }],
  ["experiment.name", { experiment: { ref: { $case: "name", value: "a\nb" } } }],
  ["start_time_unix_nano", { startTimeUnixNano: 0n }],
  ["duration_nanos", { durationNanos: -1n }],
  ["duration_nanos", { durationNanos: 2n ** 63n - 1n }],
  ["client_request_id", { clientRequestId: "x".repeat(251) }],
  ["metadata", { metadata: many(65) }],
  ["tags", { tags: { ["x".repeat(251)]: "1" } }],
  ["tags", { tags: { "": "1" } }],
])("a claim with a wrong %s is told so", (field, said) => {
  expect(checkClaim(CLAIM)).toBeUndefined();
  expect(checkClaim({ ...CLAIM, ...said })?.split(":")[0]).toBe(field);
});

test("long texts of a claim are cut, since a trace is not to be lost for a tag", () => {
  const long = "x".repeat(5000);
  const claim = { ...CLAIM, requestPreview: long, tags: { long }, metadata: { long } };
  expect(checkClaim(claim)).toBeUndefined();
  const { requestPreview, tags, metadata } = canonicalClaimOf(claim);
  expect(requestPreview).toHaveLength(1000);
  expect([tags["long"], metadata["long"]].map((text) => text?.length)).toEqual([4096, 4096]);
});

test.each([
  ["nothing", {}, []],
  ["an empty key", { "": "1" }, []],
  ["a long key", {}, ["x".repeat(251)]],
  ["a long value", { a: "x".repeat(8001) }, []],
  ["the store's own tag", { "mlflow.artifactLocation": "s3://elsewhere" }, []],
  ["one tag both ways", { a: "1" }, ["a"]],
  ["too many", many(60), Array.from({ length: 41 }, (_, index) => `r${index}`)],
])("an edit of %s is refused", (_, set, remove) => {
  expect(checkTagEdit(set, remove)).toMatch(/^(set|remove): /);
});

test("an edit within the limits is taken", () => {
  expect(checkTagEdit({ "mlflow.traceName": "x".repeat(8000), empty: "" }, ["gone"])).toBeUndefined();
});

const claims: fc.Arbitrary<StoredClaim> = fc
  .record({
    start: fc.bigInt({ min: 1n, max: 4n }),
    duration: fc.bigInt({ min: 0n, max: 4n }),
    tags: fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2")),
    experiment: fc.constantFrom({ id: 1n, name: "x" }, { id: 2n, name: "y" }),
  })
  .map(({ start, duration, tags, experiment }) => ({
    claim: canonicalClaimOf({ ...CLAIM, startTimeUnixNano: start, durationNanos: duration, tags }),
    experiment,
  }));

test("of any claims the same one is left, in whatever order they come", () => {
  const lastOf = (all: readonly StoredClaim[]) =>
    all.reduce((stored, arriving) => (claimReplaces(stored, arriving) ? arriving : stored));
  const shuffled = fc
    .array(claims, { minLength: 1, maxLength: 6 })
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
  fc.assert(
    fc.property(shuffled, ([one, other]) => {
      expect(lastOf(other)).toEqual(lastOf(one));
    }),
  );
});
