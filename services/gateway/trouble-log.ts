import type { Logger } from "#lib/logger.ts";

/**
 * Tells the log when records stop getting through or being kept, with the reason, and when they do again: a line each, however long it
 * lasts and however often it is asked.
 */
export function createTroubleLog(log: Logger): (trouble: string | undefined) => void {
  let isTroubled = false;
  return (trouble) => {
    if (isTroubled === (trouble !== undefined)) return;
    isTroubled = trouble !== undefined;
    if (isTroubled) log.warn({ trouble }, "tracing degraded");
    else log.info("tracing works again");
  };
}
