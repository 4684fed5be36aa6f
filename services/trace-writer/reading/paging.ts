import { ServiceError } from "#lib/service-error.ts";

const PAGE_DEFAULT = 100;

/** How long a page is to be: as long as was asked, at most `max`; not asked, 100. */
export function pageSizeOf(asked: number, max: number): number {
  if (asked < 0) throw invalid("page_size", "must not be negative");
  return asked === 0 ? PAGE_DEFAULT : Math.min(asked, max);
}

/** What is told of a page token that is none. */
export function invalidToken(): ServiceError {
  return invalid("page_token", "must be the next_page_token of a page of the same search");
}

/** What is told of a field that breaks a rule. */
export function invalid(field: string, rule: string): ServiceError {
  return new ServiceError("invalid_request", `${field} ${rule}.`, { field });
}
