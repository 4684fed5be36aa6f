import { findRest } from "../../services/gateway/outbox/segments.ts";

/** What a gateway that is not running has left in its outbox: calls in flight, and records. */
export function outboxRest({ outboxPath }: { readonly outboxPath: string }): {
  readonly notes: number;
  readonly records: number;
} {
  const { notes, records } = findRest(outboxPath);
  return { notes: notes.size, records };
}
