import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { idsOf, payload, record, span, spanId, traceId } from "./sample-traces.ts";
import { claimTrace, writeRecords, writeSpans } from "./writing.ts";

/** Writes something of everything that a store keeps. */
export async function writeSampleStore(store: TraceStore): Promise<void> {
  const said = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.audio.input_tokens": 4,
    "mlflow.spanInputs": "what was asked",
    "mlflow.spanOutputs": "what was answered",
    "session.id": "s",
    "user.id": "u",
  };
  const metadata = { "mlflow.gateway.caller": "curl", "mlflow.auth.username": "ada", note: "n" };
  const root = { trace: traceId(1), span: spanId(1) };
  await writeRecords(store, [
    record({ n: 1, attempts: 2, metadata, caller: { ...root, key: "team" } }),
    record({ n: 2, start: 20, caller: root, payloads: [payload(idsOf(2).root, "it failed")] }),
    record({ n: 3, start: 30, experiment: "gateway/other", payloads: [] }),
    record({ n: 4, caller: { trace: traceId(4), span: spanId(1), workspace: "agents" } }),
    record({ n: 5, caller: { trace: traceId(5), span: spanId(1) } }),
  ]);
  await writeSpans(store, "forwarded", [span({ ...root, end: 500, failed: true, attributes: said })]);
  // A span that comes again and ends later takes the place of the first; in a trace that nobody has begun.
  const again = { trace: traceId(6), span: spanId(2), parent: spanId(1), attributes: said };
  await writeSpans(store, "agents", [span({ ...again, end: 50 }), span({ ...again, span: spanId(3), name: "beside" })]);
  await writeSpans(store, "agents", [span({ ...again, end: 60, name: "later" })]);
  // What is under the id of a full trace is evicted.
  await writeSpans(store, "agents", [span({ trace: idsOf(7).full, span: spanId(1) })]);
  await writeRecords(store, [record({ n: 7, workspace: "other" }), record({ n: 7 })]);
  const claimed = { traceId: traceId(8), durationNanos: 9_000_000n, requestPreview: "claimed", metadata: { a: "1" } };
  await claimTrace(store, "claims", { ...claimed, tags: { "mlflow.traceName": "named", team: "x" } });
  await store.editTags("default", idsOf(1).full, { team: "y", "mlflow.traceName": null }, new AbortController().signal);
}
