import type { FastifyReply } from "fastify";
import { ServiceError } from "#lib/service-error.ts";

/** When a caller who was turned away should come back, in milliseconds. */
const RETRY_AFTER_MS = 1000;

/** What the bodies of all requests may take in memory together. */
export interface BodyBudget {
  /** How many bytes are held now. */
  readonly bytes: number;
  /** Begins to count a request's body. What it takes is given back when its response is closed, however that comes. */
  hold(reply: FastifyReply): HeldBody;
}

/** The body of one request, as it is counted. */
export interface HeldBody {
  /**
   * Counts bytes before they are kept. Throws `overloaded` where they are too many together with those of others, and
   * `cancelled` where the client has hung up; then it counts nothing.
   */
  take(bytes: number): void;
  /** Gives back all that was taken: the body is on its way, and nothing keeps it here any more. */
  release(): void;
}

/** A budget of `bytesMax`. `onRefused` hears of every body that found no room. */
export function createBodyBudget(bytesMax: number, onRefused: () => void): BodyBudget {
  let all = 0;
  return {
    get bytes() {
      return all;
    },
    hold({ raw, responseEnd }) {
      let mine = 0;
      const release = () => {
        all -= mine;
        mine = 0;
      };
      responseEnd.tell(release);
      return {
        release,
        take(bytes) {
          if (raw.destroyed) throw new ServiceError("cancelled", "The client hung up.");
          if (all > mine && all + bytes > bytesMax) {
            onRefused();
            throw new ServiceError(
              "overloaded",
              `The requests at hand hold ${bytesMax} bytes together (ingress.limits.bodiesBytesMax). Try again soon.`,
              { retryAfterMs: RETRY_AFTER_MS },
            );
          }
          all += bytes;
          mine += bytes;
        },
      };
    },
  };
}
