import type { Identity } from "#lib/auth/identity.ts";
import { refusedRight } from "#lib/auth/refusal.ts";
import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { Filter } from "../core/search/filter.ts";
import { parseFilter } from "../core/search/filter-parser.ts";
import { asksOfPayload, withoutPreviews } from "../core/search/payload-rights.ts";
import { isUnclaimed } from "../core/search/unclaimed.ts";

/** What a caller is shown of a trace, with where it stands now. */
export function shownTo(identity: Identity, info: TraceInfo, beforeNs: bigint): TraceInfo {
  const shown = mayReadPayload(identity) ? info : withoutPreviews(info);
  return { ...shown, unclaimed: isUnclaimed(info, beforeNs) };
}

/** Whether a caller may read messages, tools, answers and error texts. */
export function mayReadPayload({ roles }: Identity): boolean {
  return roles.has("read-payloads");
}

/** The filter that a caller gives. Throws `permission_denied` where it asks of what the caller may not read. */
export function filterOf(identity: Identity, text: string): Filter | undefined {
  const filter = parseFilter(text);
  if (filter === undefined || mayReadPayload(identity) || !asksOfPayload(filter)) return filter;
  throw refusedRight(
    "role",
    `The filter asks of payload, which takes the role read-payloads. "${identity.name}" does not have it.`,
  );
}
