import { isMarkedAsUntransferable } from "node:worker_threads";

/**
 * Gives the memory of bytes back at once, and all of its buffer with it: they are empty from then on, and nobody else
 * may hold any of it. The collector would let them wait, by the hundred, until they are worth a pause that all readers
 * feel. Buffers that Node shares among small ones stay.
 */
export function giveBack({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !isMarkedAsUntransferable(buffer)) buffer.transfer(0);
}
