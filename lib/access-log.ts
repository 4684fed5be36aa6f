import type { Logger } from "./logger.ts";

/** What is told of a call that has ended. */
export interface EndedCall {
  /** What it is known by at every service: the same calls are chosen everywhere. */
  readonly id: string;
  readonly isFailed: boolean;
  /**
   * Ids, names out of the configuration, words of closed lists, and figures. Never payload. Asked for only where they
   * are told.
   */
  facts(): Readonly<Record<string, unknown>>;
}

/** Tells of a call. */
export type AccessLog = (call: EndedCall) => void;

/** How much is told. */
export interface AccessLogOptions {
  /** The share of calls that ended well which are told, from 0 to 1. */
  readonly ratio: number;
  /** How many calls are told in a second. Those beyond are counted in the next line, as `unsaid`. */
  readonly linesPerSecondMax: number;
}

/**
 * Writes a line for calls that failed, as a warning, and for a share of the others; at level debug for every call,
 * without a bound. `nowMs` is a clock in milliseconds.
 */
export function createAccessLog(
  log: Logger,
  { ratio, linesPerSecondMax }: AccessLogOptions,
  nowMs: () => number = performance.now.bind(performance),
): AccessLog {
  let second = 0;
  let told = 0;
  let unsaid = 0;
  const debug = ({ facts }: EndedCall) => {
    if (log.isLevelEnabled("debug")) log.debug(facts(), "call");
  };
  return (call) => {
    const { id, isFailed } = call;
    if (!isFailed && !isChosen(id, ratio)) {
      debug(call);
      return;
    }
    const now = Math.floor(nowMs() / 1000);
    if (now !== second) {
      second = now;
      told = 0;
    }
    if (told >= linesPerSecondMax) {
      unsaid += 1;
      debug(call);
      return;
    }
    told += 1;
    const line = unsaid === 0 ? call.facts() : { ...call.facts(), unsaid };
    unsaid = 0;
    if (isFailed) log.warn(line, "call");
    else log.info(line, "call");
  };
}

/** Whether an id is of the share: by its hash (FNV-1a), so that everyone who knows the id comes to the same. */
function isChosen(id: string, ratio: number): boolean {
  if (ratio === 0 || ratio === 1) return ratio === 1;
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index += 1) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  return (hash >>> 0) / 2 ** 32 < ratio;
}
