import { z } from "zod";

/** What the thread that looks after a left outbox tells (`services/gateway/outbox/drain-events.ts` says what it means). */
export const drainEvent = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("opened"),
    records: z.number(),
    bytes: z.number(),
    oldestMs: z.number().optional(),
    inFlight: z.number(),
    lastAliveMs: z.number(),
    damagedPlaces: z.number(),
  }),
  z.object({
    kind: z.literal("state"),
    state: z.object({
      records: z.number(),
      shipped: z.number(),
      shed: z.record(z.string(), z.number()),
      trouble: z.string().optional(),
    }),
  }),
  z.object({ kind: z.literal("done") }),
  z.object({ kind: z.literal("failed"), message: z.string() }),
]);

export type DrainEvent = z.output<typeof drainEvent>;
export type LeftTold = Extract<DrainEvent, { kind: "opened" }>;
export type DrainState = Extract<DrainEvent, { kind: "state" }>["state"];
