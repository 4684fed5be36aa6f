import { invalidField } from "#lib/service-error.ts";

/** Throws when a list has too few or too many items. */
export function checkCount(field: string, count: number, min: number, max: number): void {
  if (count < min || count > max) throw invalidField(field, `must be ${min} to ${max}, and there are ${count}`);
}

/** Throws when a number is there and out of its range. */
export function checkRange(field: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (value >= min && value <= max)) return;
  throw invalidField(field, `must be from ${min} to ${max}`);
}
