import { expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { Turnstile } from "../../../services/gateway/routing/turnstile.ts";

const NEVER = new AbortController().signal;

/** Takes a turn that must be there. */
function taken(turnstile: Turnstile): Disposable {
  const turn = turnstile.enter();
  if (turn === undefined) throw new Error("there is no turn");
  return turn;
}

test("without a limit every call has its turn", () => {
  const turnstile = new Turnstile("e", { queueMax: 0, queueMs: 1 });
  for (let call = 0; call < 1_000; call += 1) taken(turnstile);
  expect(turnstile.inUse).toBe(1_000);
});

test("those that wait go in the order they came, one for each that leaves", async () => {
  const turnstile = new Turnstile("e", { callsMax: 1, queueMax: 10, queueMs: 10_000 });
  let turn = taken(turnstile);
  expect(turnstile.enter()).toBeUndefined();
  const order: number[] = [];
  const waiting = [0, 1, 2, 3].map(async (call) => {
    const came = await turnstile.wait(NEVER);
    order.push(call);
    return came;
  });
  expect(turnstile.waiting).toBe(4);
  for (const [index, next] of waiting.entries()) {
    turn[Symbol.dispose]();
    // Whoever comes now does not come between.
    expect(turnstile.enter()).toBeUndefined();
    turn = await next;
    expect(order).toEqual([0, 1, 2, 3].slice(0, index + 1));
    expect(turnstile.inUse).toBe(1);
  }
  turn[Symbol.dispose]();
  turn[Symbol.dispose]();
  expect([turnstile.inUse, turnstile.waiting]).toEqual([0, 0]);
});

test("beyond the queue a call is sent away at once, and told to come back", async () => {
  const turnstile = new Turnstile("busy", { callsMax: 1, queueMax: 1, queueMs: 10_000 });
  const turn = taken(turnstile);
  const waits = turnstile.wait(NEVER);
  await expect(turnstile.wait(NEVER)).rejects.toMatchObject({
    kind: "overloaded",
    retryAfterMs: 1_000,
    message: expect.stringMatching(/busy .*callsMax/),
  });
  turn[Symbol.dispose]();
  await waits;
  expect(turnstile.refused).toEqual({ full: 1, late: 0 });
});

test("a turn that comes too late is not waited for, and is nobody's", async () => {
  const turnstile = new Turnstile("e", { callsMax: 1, queueMax: 1, queueMs: 10 });
  const turn = taken(turnstile);
  await expect(turnstile.wait(NEVER)).rejects.toMatchObject({ kind: "overloaded" });
  turn[Symbol.dispose]();
  expect([turnstile.inUse, turnstile.waiting, turnstile.refused.late]).toEqual([0, 0, 1]);
});

test("a caller that goes while it waits leaves its place, also in the moment its turn comes", async () => {
  const turnstile = new Turnstile("e", { callsMax: 1, queueMax: 5, queueMs: 10_000 });
  const turn = taken(turnstile);
  const gone = new AbortController();
  const reason = new ServiceError("cancelled", "The caller hung up.");
  const first = turnstile.wait(gone.signal);
  const second = turnstile.wait(NEVER);
  gone.abort(reason);
  turn[Symbol.dispose]();
  await expect(first).rejects.toBe(reason);
  await second;
  expect([turnstile.inUse, turnstile.waiting]).toEqual([1, 0]);
});

test("a higher limit lets those that wait in, a lower one keeps those that are in", async () => {
  const turnstile = new Turnstile("e", { callsMax: 1, queueMax: 5, queueMs: 10_000 });
  const turns = [taken(turnstile)];
  const waiting = [turnstile.wait(NEVER), turnstile.wait(NEVER)];
  turnstile.limit({ callsMax: 3, queueMax: 5, queueMs: 10_000 });
  turns.push(...(await Promise.all(waiting)));
  turnstile.limit({ callsMax: 1, queueMax: 5, queueMs: 10_000 });
  expect(turnstile.inUse).toBe(3);
  turns[0]?.[Symbol.dispose]();
  expect(turnstile.enter()).toBeUndefined();
});
