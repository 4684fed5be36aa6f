import { z } from "zod";

const told = z.object({ place: z.string(), traces: z.number(), bytes: z.number() });

/** What the thread that moves traces tells (`services/trace-writer/migration/move-settings.ts` says what it means). */
export const moveEvent = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("opened"), source: told, target: told }),
  z.object({ kind: z.literal("moved"), traces: z.number(), bytes: z.number(), before: z.number() }),
  z.object({ kind: z.literal("compared"), traces: z.number(), different: z.number() }),
  z.object({ kind: z.literal("different"), what: z.string() }),
  z.object({ kind: z.literal("done") }),
  z.object({ kind: z.literal("stopped") }),
  z.object({ kind: z.literal("failed"), message: z.string() }),
]);

export type MoveEvent = z.output<typeof moveEvent>;
export type EventOf<Kind extends MoveEvent["kind"]> = Extract<MoveEvent, { kind: Kind }>;
