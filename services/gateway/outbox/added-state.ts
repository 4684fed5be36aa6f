import { type OutboxState, SHED_COUNTERS, type ShedCounter } from "./outbox-state.ts";
import { joined } from "./troubles.ts";

/** How several outboxes stand together. */
export function addedState([first, ...others]: readonly [OutboxState, ...OutboxState[]]): OutboxState {
  return others.reduce(added, first);
}

function added(a: OutboxState, b: OutboxState): OutboxState {
  return {
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    oldestMs: olderOf(a.oldestMs, b.oldestMs),
    shipped: a.shipped + b.shipped,
    retries: a.retries + b.retries,
    mirrorsRefused: a.mirrorsRefused + b.mirrorsRefused,
    shed: addedShed(a.shed, b.shed),
    damagedPlaces: a.damagedPlaces + b.damagedPlaces,
    damage: joined([a.damage, b.damage]),
    trouble: joined([a.trouble, b.trouble]),
  };
}

function addedShed(a: OutboxState["shed"], b: OutboxState["shed"]): Record<ShedCounter, number> {
  const sum = { ...a };
  for (const counter of SHED_COUNTERS) sum[counter] += b[counter];
  return sum;
}

function olderOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
