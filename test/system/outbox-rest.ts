import { findRest } from "../../services/gateway/outbox/find-rest.ts";

/** What a gateway that is not running has left in its outbox: calls in flight, and records. */
export async function outboxRest({ outboxPath }: { readonly outboxPath: string }): Promise<{
  readonly notes: number;
  readonly records: number;
}> {
  const { notes, records } = await findRest(outboxPath);
  return { notes: notes.size, records };
}
