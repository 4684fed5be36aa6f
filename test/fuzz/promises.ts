import assert from "node:assert/strict";
import { type ErrorKind, ServiceError } from "#lib/service-error.ts";
import { CANARY } from "./mutations.ts";

/**
 * What `read` returns. Undefined: it refused, with one of the kinds that it may refuse with, and said nothing of what
 * it read. Whatever else it throws breaks its promise.
 */
export function readOrRefused<Value>(kinds: readonly ErrorKind[], read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    assert.ok(kinds.includes(error.kind), `refused as ${error.kind}`);
    assertSilent(`${error.message} ${error.field} ${JSON.stringify(error.metadata)}`);
    return undefined;
  }
}

/** Holds a text that others see to saying nothing of the payload. */
export function assertSilent(text: string): void {
  assert.ok(!text.includes(CANARY), "it quotes what it was given");
}
