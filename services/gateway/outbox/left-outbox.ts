import { existsSync } from "node:fs";
import type { LeftTold } from "#lib/tasks/drain-task.ts";
import type { EarlierOutbox } from "./earlier-outbox.ts";
import { findRest } from "./find-rest.ts";
import { lockOutbox } from "./lock.ts";
import { messageOf } from "./troubles.ts";

/**
 * Says what an outbox holds that a gateway has left behind, and changes nothing. Rejects with an Error for the operator
 * when there is none, when the file is something else, or when somebody uses it.
 */
export async function leftToldOf(path: string): Promise<LeftTold> {
  if (!existsSync(path)) throw new Error(`There is no outbox ${path}.`);
  using lock = lockOutbox(path, errorOf);
  let damagedPlaces = 0;
  const found = await findRest(path, () => {
    damagedPlaces += 1;
  });
  const { records, bytes, oldestMs, lastAliveMs } = found;
  const told = { records, bytes, oldestMs, inFlight: found.notes.size, lastAliveMs, damagedPlaces };
  return lock.earlier === undefined ? told : withEarlier(told, lock.earlier);
}

/** Adds what version 1 has left: some of it may have been moved already. */
function withEarlier(told: LeftTold, { waiting, notes, lastAliveMs }: EarlierOutbox): LeftTold {
  return {
    records: told.records + waiting.records,
    bytes: told.bytes + waiting.bytes,
    oldestMs: waiting.oldestMs ?? told.oldestMs,
    inFlight: told.inFlight + notes.length,
    lastAliveMs: Math.max(told.lastAliveMs, lastAliveMs),
    damagedPlaces: told.damagedPlaces,
  };
}

function errorOf(cause: unknown, path: string): Error {
  const reason = messageOf(cause);
  if (/locked|busy/i.test(reason)) {
    const message = `The outbox ${path} is in use: by a gateway, which delivers it by itself, or by another drain.`;
    return new Error(message, { cause });
  }
  return new Error(`${path} is no outbox of a gateway: ${reason}.`, { cause });
}
