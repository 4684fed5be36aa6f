import { setFlagsFromString } from "node:v8";

/** How far the heap may grow beyond what lives in it, in percent, until all of it is looked at: V8's own upper bound. */
const GROWTH_PERCENT = 300;

/**
 * Lets the heap grow to four times what lives in it before garbage is looked for in all of it. Left to itself V8 takes a smaller
 * step the more is allocated, and bodies of requests count: at a few hundred of 100 KB a second it spent half of the processor's
 * time on looking through a heap in which nothing had changed. The limit of the heap as a whole stays what it is.
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
