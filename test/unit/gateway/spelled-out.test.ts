import fc from "fast-check";
import { expect, test } from "vitest";
import { callSpansOf } from "#lib/spans/call-spans.ts";
import { spelledOut } from "#lib/spans/spelled-out.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import { keptPayloadsOf } from "../../../services/gateway/core/payload/kept-payloads.ts";
import { KEEP_ALL } from "../../../services/gateway/core/payload/payload-policy.ts";
import { RecordWriter } from "../../../services/gateway/core/twins/record.ts";
import { toldTwinsOf } from "../../../services/trace-writer/core/records/told-twins.ts";
import { arbitraryEnded } from "./arbitrary-outcome.ts";
import { SAMPLE_CALLS, type SampleCall } from "./sample-calls.ts";
import recorded from "./spelled-out-records.json" with { type: "json" };

const writer = new RecordWriter();

function recordOf({ invocation, outcome, kept }: SampleCall): InvocationRecord {
  const { told, payload } = writer.recordOf(invocation, outcome, kept);
  return InvocationRecord.decode(Buffer.concat([told, payload]));
}

test.each(Object.entries(recorded))(
  "a call reads as gateways spelled it out before they told it: %s",
  (name, base64) => {
    const sample = SAMPLE_CALLS[name];
    if (sample === undefined) throw new Error("there is no such sample");
    expect(spelledOut(recordOf(sample))).toEqual(InvocationRecord.decode(Buffer.from(base64, "base64")));
  },
);

test("the rows of a call are those that are read from its spans", () => {
  fc.assert(
    fc.property(arbitraryEnded, ({ invocation, outcome }) => {
      const record = recordOf({ invocation, outcome, kept: keptPayloadsOf(outcome, KEEP_ALL, () => "") });
      expect(toldTwinsOf(record)).toEqual(toldTwinsOf(spelledOut(record)));
    }),
  );
});

test("the rows of a call are those of its spans, too, where it claims what is quoted, or is of a kind not known here", () => {
  for (const sample of Object.values(SAMPLE_CALLS)) {
    const caller = { ...sample.invocation.caller, session: '"session"', user: '"user"' };
    const record = recordOf({ ...sample, invocation: { ...sample.invocation, caller } });
    expect(toldTwinsOf(record).full.rows[0]).toMatchObject({ session: '"session"', user: '"user"' });
    expect(toldTwinsOf(record)).toEqual(toldTwinsOf(spelledOut(record)));
    const unknown = { ...record, call: record.call && { ...record.call, requestType: RequestType.UNRECOGNIZED } };
    expect(toldTwinsOf(unknown)).toEqual(toldTwinsOf(spelledOut(unknown)));
  }
});

test("a part of a record that has one twin is spelled out to that twin", () => {
  for (const sample of Object.values(SAMPLE_CALLS)) {
    const record = recordOf(sample);
    const { full, mirror } = spelledOut(record);
    expect(spelledOut({ ...record, mirrorTwin: undefined })).toMatchObject({ full, mirror: undefined });
    expect(spelledOut({ ...record, fullTwin: undefined })).toMatchObject({ full: undefined, mirror });
    expect(record.call && callSpansOf(record.call).attempts).toHaveLength(sample.outcome.attempts.length);
  }
});
