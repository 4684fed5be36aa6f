import type { StreamTap } from "./dialect.ts";

/** The tap of a dialect whose requests are never answered by a stream: there is none, and to want one is a bug of ours. */
export function createNoStreamTap(): StreamTap {
  throw new Error("an answer that cannot be a stream was taken for one");
}
