import { existsSync } from "node:fs";
import type { LeftTold } from "./drain-events.ts";
import { lockOutbox } from "./lock.ts";
import { findRest } from "./segments.ts";

/**
 * Says what an outbox holds that a gateway has left behind, and changes nothing. Throws an Error for the operator when there
 * is none, when the file is something else, or when somebody uses it.
 */
export function leftToldOf(path: string): LeftTold {
  if (!existsSync(path)) throw new Error(`There is no outbox ${path}.`);
  using lock = lockOutbox(path, errorOf);
  const { earlier } = lock;
  const { notes, lastAliveMs, records, bytes, oldestMs } = findRest(path);
  if (earlier === undefined) return { records, bytes, oldestMs, inFlight: notes.size, lastAliveMs };
  return { ...earlier.waiting(), inFlight: earlier.notes.length, lastAliveMs: earlier.lastAliveMs };
}

function errorOf(cause: unknown, path: string): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/locked|busy/i.test(reason)) {
    const message = `The outbox ${path} is in use: by a gateway, which delivers it by itself, or by another drain.`;
    return new Error(message, { cause });
  }
  return new Error(`${path} is no outbox of a gateway: ${reason}.`, { cause });
}
