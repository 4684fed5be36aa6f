import { z } from "zod";
import { count, ms } from "./scalars.ts";

/** `peers`: how services find each other's copies, and what they do about copies that fail. */
export const peers = z
  .strictObject({
    lookUpMs: ms(
      10_000,
      "How often names of targets are looked up, so that copies that came get calls and those that went get none. When a connection is lost they are looked up at once.",
    ),
    connectionAgeMs: ms(
      600_000,
      "How long a gRPC port keeps a connection. Then its client is told to open another, so that calls spread anew behind balancers of connections; calls under way go on.",
    ),
    outliers: z
      .strictObject({
        failedPercent: z
          .int()
          .min(0)
          .max(100)
          .default(90)
          .describe(
            "The share of failed calls from which a copy gets none for a while, in percent. At most half of the copies are left alone at once. 0: never.",
          ),
        callsMin: count(20, 1_000_000, "How many calls a copy must have had since the last look to be judged."),
        everyMs: ms(10_000, "How often the copies are looked at."),
        leftAloneMs: ms(
          10_000,
          "How long a copy is left alone; each time in a row as long again, up to ten times as long.",
        ),
      })
      .prefault({})
      .describe("What is done about a copy that takes connections and fails calls."),
    retries: z
      .strictObject({
        attemptsMax: z
          .int()
          .min(1)
          .max(5)
          .default(3)
          .describe("How often a read is tried that finds a copy unavailable: each time at the next copy. 1: once."),
        budgetPercent: z
          .int()
          .min(1)
          .max(100)
          .default(10)
          .describe(
            "How many retries there may be for a hundred reads that go well, once fifty have failed. Beyond it reads fail at once.",
          ),
      })
      .prefault({})
      .describe("What is done about reads that fail since a copy is away. Calls of models are never made twice."),
  })
  .prefault({})
  .describe("How services find each other's copies, and what they do about copies that fail.");

/** `peers` of a configuration. */
export type PeerSettings = z.output<typeof peers>;

/** What holds where nobody says otherwise. */
export const DEFAULT_PEERS: PeerSettings = peers.parse(undefined);
