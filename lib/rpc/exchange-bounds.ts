/** What both sides of an Exchange stream hold to (proto/twinspan/gateway/v1: Exchange). */

/** The most bytes of a body or an answer in one frame. */
export const FRAME_BYTES_MAX = 64 * 1024;
/** The most bytes of a message, frames and all. */
export const EXCHANGE_BYTES_MAX = 1024 * 1024;
/** How many bytes of its body, and of its answer, an invocation may send before it is given credit. */
export const CREDIT_BYTES = 256 * 1024;
/** How many invocations may be under way on a stream. */
export const INVOCATIONS_MAX = 1_000;

/** From how many bytes taken on credit is given for them: rarely enough to cost nothing, early enough that nobody waits. */
export const CREDIT_STEP_BYTES = CREDIT_BYTES / 2;
