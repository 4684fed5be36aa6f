import { ServiceError } from "#lib/service-error.ts";

/** What is wrong with a filter, and where. */
export interface FilterError {
  /** Where, from 0. */
  readonly at: number;
  readonly message: string;
}

/**
 * The fault that the server found in a filter, of which `offset` characters stand before what was written. Undefined:
 * another error.
 */
export function filterErrorOf(error: unknown, offset: number): FilterError | undefined {
  if (!(error instanceof ServiceError) || error.kind !== "invalid_request") return undefined;
  const [, column, message = ""] = /^filter, column (\d+): (.*)$/s.exec(error.message) ?? [];
  return column === undefined ? undefined : { at: Math.max(0, Number(column) - 1 - offset), message };
}
