import { spelledOut } from "#lib/spans/spelled-out.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Sent } from "./send-batch.ts";
import type { WaitingRecord } from "./stored-record.ts";

/**
 * How a trace-writer of the release before this one refuses a record that tells its call: it sees no full trace in it.
 */
const KNOWS_NO_CALL = "full: is required";

/**
 * Sends a batch. Those records that a trace-writer refuses because it knows no `call` are sent again with their twins
 * spelled out: so gateways may be replaced before trace-writers, or among them. The results are those of the last that
 * was sent of each. It goes, and `send` alone stays, in the release after the one that brought `call`.
 */
export async function sendSpelledOutAgain(
  send: (batch: readonly WaitingRecord[]) => Promise<Sent>,
  batch: readonly WaitingRecord[],
): Promise<Sent> {
  const sent = await send(batch);
  if (sent.kind !== "answered" || sent.results.length !== batch.length) return sent;
  const isRefused = (place: number) => sent.results[place]?.reason === KNOWS_NO_CALL;
  const refused = batch.filter((_, place) => isRefused(place));
  if (refused.length === 0) return sent;
  const again = await send(refused.map(spelledOutRecordOf));
  if (again.kind !== "answered" || again.results.length !== refused.length) return again;
  const next = again.results.values();
  const results = sent.results.map((result, place) => (isRefused(place) ? (next.next().value ?? result) : result));
  return { kind: "answered", results };
}

/** Its payload is another part of the message, and stays as it is. */
function spelledOutRecordOf(record: WaitingRecord): WaitingRecord {
  return { ...record, told: InvocationRecord.encode(spelledOut(InvocationRecord.decode(record.told))).finish() };
}
