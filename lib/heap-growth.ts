import { setFlagsFromString } from "node:v8";

/** How far it may grow beyond what lives in it, in percent, until all of it is looked at: V8's own upper bound. */
const GROWTH_PERCENT = 300;

/**
 * Lets the heap grow to four times what lives in it, and by half of its limit at first, the bytes of buffers among
 * that, before garbage is looked for in all of it. Left to itself V8 takes a smaller step the more is allocated, and
 * looks whenever 64 MiB of buffers were: at a few hundred requests of 100 KB a second half of the processor's time went
 * into looking through a heap in which nothing had changed. The limit of the heap as a whole stays what it is; buffers
 * that nobody holds any more may take half of it (docs/operations.md, "Memory", has measured it).
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlagsFromString("--external-memory-accounted-in-global-limit");
}
