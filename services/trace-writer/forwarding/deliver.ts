import { type ExportPiece, exportsOf, halvesOf, spansIn } from "../core/forwarding/export-pieces.ts";
import type { Destination, Sent } from "./destination.ts";

/** What became of spans that were delivered. */
export interface Tally {
  /** How many the destination has taken. */
  readonly forwarded: number;
  /** How many it did not take of a request that it took (partial success). */
  readonly rejected: number;
  /** How many were in requests that it refused. */
  readonly refused: number;
  /** Why it refused the last of them. */
  readonly refusal: string | undefined;
}

/** A request that may be sent again. */
export type Failure = Extract<Sent, { kind: "failed" }>;

/**
 * So often a refused request is halved in search of the span at fault, which takes some 18 requests of a full batch.
 * Beyond it a refused part is given up whole: a destination that refuses everything is not asked a thousand times.
 */
const HALVINGS_MAX = 64;

/**
 * Delivers parts of exports to a destination, in requests of at most `bytesMax`. What is refused is halved where that
 * may help, then given up. A failure ends it: then all parts are to be delivered again, and nothing is tallied.
 */
export async function deliver(
  destination: Destination,
  pieces: readonly ExportPiece[],
  bytesMax: number,
  signal: AbortSignal,
): Promise<Tally | Failure> {
  const tally: { -readonly [Field in keyof Tally]: Tally[Field] } = {
    forwarded: 0,
    rejected: 0,
    refused: 0,
    refusal: undefined,
  };
  let halvings = 0;
  const send = async (part: readonly ExportPiece[]): Promise<Failure | undefined> => {
    const sent = await destination.send(Buffer.concat(part.map(({ bytes }) => bytes)), signal);
    switch (sent.kind) {
      case "failed":
        return sent;
      case "accepted": {
        const rejected = Math.min(sent.rejectedSpans, spansIn(part));
        tally.rejected += rejected;
        tally.forwarded += spansIn(part) - rejected;
        return undefined;
      }
      case "refused": {
        const halves = sent.isOfBatch && halvings < HALVINGS_MAX ? halvesOf(part) : undefined;
        if (halves === undefined) {
          tally.refused += spansIn(part);
          tally.refusal = sent.reason;
          return undefined;
        }
        halvings += 1;
        return (await send(halves[0])) ?? send(halves[1]);
      }
    }
  };
  for (const part of exportsOf(pieces, bytesMax)) {
    const failure = await send(part);
    if (failure !== undefined) return failure;
  }
  return tally;
}
