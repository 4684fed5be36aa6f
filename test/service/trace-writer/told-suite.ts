import { describe, expect, test } from "vitest";
import { spelledOut } from "#lib/spans/spelled-out.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import { RecordWriter } from "../../../services/gateway/core/twins/record.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { SAMPLE_CALLS } from "../../unit/gateway/sample-calls.ts";
import { searchTraces, spansOf, writeRecords } from "./writing.ts";

/** What every store promises of records that tell their call, against those that spell its twins out. */
export function describeTold(storeOf: () => TraceStore): void {
  describe("records that tell their call", () => {
    test.each(Object.keys(SAMPLE_CALLS))("are read as those that spell its twins out: %s", async (name) => {
      const store = storeOf();
      const told = recordOf(name, "told");
      const spelled = spelledOut(recordOf(name, "spelled"));
      const outcome = { outcome: "stored", mirror: told.mirrorTwin === undefined ? "none" : "stored" };
      expect(await writeRecords(store, [told])).toEqual([outcome]);
      expect(await writeRecords(store, [spelled])).toEqual([outcome]);
      const traces = [told.fullTwin?.traceId, told.mirrorTwin?.traceId].flatMap((id) => id?.toString("hex") ?? []);
      for (const trace of traces) {
        for (const withPayload of [true, false]) {
          const asTold = await store.getTrace("told", trace, withPayload);
          expect(spansOf(asTold).length).toBeGreaterThan(0);
          expect(readOf(asTold)).toEqual(readOf(await store.getTrace("spelled", trace, withPayload)));
        }
      }
      expect(await writeRecords(store, [told])).toEqual([{ ...outcome, outcome: "already_stored" }]);
    });

    test("are found by attributes of their spans, which no store holds", async () => {
      const store = storeOf();
      const filter = "span.attributes.server.port = 9999 AND span.attributes.twinspan.attempt.index = 1";
      const found = await Promise.all(
        ["told", "spelled"].map(async (workspace) => {
          const experiment = await store.getExperiment(workspace, { $case: "name", value: "gateway/chat" });
          const scope = { kind: "experiments", ids: [BigInt(experiment?.id ?? -1)] } as const;
          return (await searchTraces(store, scope, { workspace, filter })).map(({ traceId }) => traceId);
        }),
      );
      const everything = `tr-${SAMPLE_CALLS["everything"]?.invocation.traceId}`;
      expect(found).toEqual([[everything], [everything]]);
    });
  });
}

/** A sample's record, of a workspace whose ids are none of another's. Each sample has a trace of its own. */
function recordOf(name: string, workspace: string): InvocationRecord {
  const sample = SAMPLE_CALLS[name];
  if (sample === undefined) throw new Error("there is no such sample");
  const { invocation, outcome, kept } = sample;
  const place = Object.keys(SAMPLE_CALLS).indexOf(name);
  const traceId = place === 0 ? invocation.traceId : String(place).repeat(32);
  const own = { ...invocation, traceId, workspace, callerWorkspace: workspace };
  const { told, payload } = new RecordWriter().recordOf(own, outcome, kept);
  return InvocationRecord.decode(Buffer.concat([told, payload]));
}

/** What is read of a trace, but for the ids that its workspace gave its experiment. */
function readOf(trace: Trace | undefined): unknown {
  return trace && { ...trace, info: trace.info && { ...trace.info, experimentId: "" } };
}
