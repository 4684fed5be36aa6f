import { describe, expect, test } from "vitest";
import { EMPTY_RECORD } from "#lib/spans/empty-record.ts";
import { MirrorTwin } from "#proto/twinspan/trace/v1/call.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { ExperimentRef } from "#proto/twinspan/trace/v1/mirror.ts";
import { RecordWriter } from "../../../services/gateway/core/twins/record.ts";
import { decodeRecord, namesExperiment } from "../../../services/trace-writer/core/records/read-record.ts";
import { callerIn, callerKeyIn } from "../../../services/trace-writer/core/records/stored-caller.ts";
import { record, spanId, traceId } from "../../service/trace-writer/sample-traces.ts";
import { SAMPLE_CALLS } from "../gateway/sample-calls.ts";

/** A record that tells its call, as it came over the wire. */
function toldBytes(): Uint8Array {
  const { invocation, outcome, kept } = SAMPLE_CALLS["everything"] ?? {};
  if (invocation === undefined || outcome === undefined || kept === undefined) throw new Error("there is no sample");
  const { told, payload } = new RecordWriter().recordOf(invocation, outcome, kept);
  return Buffer.concat([told, payload]);
}
const twin = MirrorTwin.decode(Buffer.alloc(0));
const experiment: ExperimentRef = { ref: { $case: "name", value: "mine" } };
const encoded = (part: Partial<InvocationRecord>) => InvocationRecord.encode({ ...EMPTY_RECORD, ...part }).finish();
const naming = encoded({ mirrorTwin: { ...twin, experiment } });
const silent = encoded({ mirrorTwin: { ...twin, callerKey: "key-1" } });

describe("whether a mirror names an experiment is seen without decoding it", () => {
  const { mirror } = record({ n: 1, caller: { trace: traceId(1), span: spanId(1) } });
  const spelled = encoded({ mirror: mirror && { ...mirror, experiment } });

  test.each<readonly [string, Uint8Array, boolean]>([
    ["in a call's part of it", naming, true],
    ["in one that is spelled out", spelled, true],
    ["in neither", silent, false],
    ["in one that is spelled out, beside a call's part that names none", Buffer.concat([silent, spelled]), true],
    ["in a part that comes again, and counts", Buffer.concat([silent, naming]), true],
    ["in what is cut", spelled.subarray(0, 5), false],
  ])("%s", (_name, bytes, names) => {
    expect(namesExperiment(bytes)).toBe(names);
  });
});

test("a record is cut so that each twin is stored with what is its own, and the mirror with nothing of the full trace alone", () => {
  const spelled = record({ n: 1, caller: { trace: traceId(1), span: spanId(1) } });
  for (const bytes of [toldBytes(), InvocationRecord.encode(spelled).finish()]) {
    const { call, full, fullTwin, mirror, mirrorTwin, payloads } = InvocationRecord.decode(bytes);
    const { parts } = decodeRecord(bytes) ?? {};
    const stored = (pieces: readonly Uint8Array[] = []) => InvocationRecord.decode(Buffer.concat(pieces));
    expect(mirror ?? mirrorTwin).toBeDefined();
    expect(payloads.length).toBeGreaterThan(0);
    expect(stored(parts?.mirror)).toEqual({ ...EMPTY_RECORD, call, mirror, mirrorTwin });
    expect(stored(parts?.full)).toEqual({ ...EMPTY_RECORD, call, full, fullTwin });
    expect(stored(parts?.payload)).toEqual({ ...EMPTY_RECORD, payloads });
  }
});

test("a field that comes as another type is neither read nor stored", () => {
  const bytes = toldBytes();
  const whole = decodeRecord(bytes);
  // Fields 1 to 3 and 5 to 7 as numbers, 4 as bytes.
  const others = Buffer.from([0x08, 1, 0x10, 1, 0x18, 1, 0x22, 0, 0x28, 0xb5, 0x2f, 0x30, 1, 0x38, 1]);
  const received = decodeRecord(Buffer.concat([others, bytes]));
  expect(whole?.parts.full.length).toBeGreaterThan(0);
  expect(received?.record).toEqual(whole?.record);
  expect(received?.parts).toEqual(whole?.parts);
});

test("who called is read from what stands beside a call, else from what is spelled out", () => {
  const told = toldBytes();
  const mirrorOnly = Buffer.concat(decodeRecord(told)?.parts.mirror ?? []);
  expect([callerIn(told), callerKeyIn(mirrorOnly)]).toEqual(["agent", "key-1"]);
  expect(callerKeyIn(silent)).toBe("");
  const { full } = record({ n: 1 });
  const spelled = full && { ...full, metadata: { ...full.metadata, "mlflow.gateway.caller": "spelled" } };
  const { fullTwin } = InvocationRecord.decode(told);
  expect(callerIn(encoded({ full: spelled, fullTwin }))).toBe("spelled");
});
