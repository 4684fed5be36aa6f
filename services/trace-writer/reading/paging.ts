import { invalidField, type ServiceError } from "#lib/service-error.ts";

const PAGE_DEFAULT = 100;

/** How long a page is to be: as long as was asked, at most `max`; not asked, 100. */
export function pageSizeOf(asked: number, max: number): number {
  if (asked < 0) throw invalidField("page_size", "must not be negative");
  return asked === 0 ? PAGE_DEFAULT : Math.min(asked, max);
}

/** What is told of a page token that is none. */
export function invalidToken(): ServiceError {
  return invalidField("page_token", "must be the next_page_token of a page of the same search");
}
