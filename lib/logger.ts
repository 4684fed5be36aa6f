import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";
import type { LogModule } from "./config/sections/log.ts";

/** Writes log lines: JSON, one an event, on standard output. Never payload, never a secret. */
export interface Logger extends Pick<PinoLogger, "debug" | "info" | "warn" | "error" | "isLevelEnabled"> {
  /** The log of a part of the service: its lines name it as `module`, and it may have a level of its own. */
  module(name: LogModule): Logger;
}

/** How much is logged. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** How much is logged of what. */
export interface LogLevels {
  readonly level: LogLevel;
  /** Of a service, or of a part of one (`gateway/outbox`), where that is not `level`. */
  readonly levels?: Readonly<Partial<Record<string, LogLevel>>>;
}

/** A logger for a service, or one of its workers, by its number. `destination` is for tests that read what is logged. */
export function createLogger(
  service: string,
  levels: LogLevel | LogLevels,
  destination?: DestinationStream,
  worker?: number,
): Logger {
  const { level: others, levels: named = {} } = typeof levels === "string" ? { level: levels } : levels;
  const level = named[service] ?? others;
  const base = worker === undefined ? { service } : { service, worker };
  const options = { level, base, timestamp: pino.stdTimeFunctions.isoTime };
  const whole = destination === undefined ? pino(options) : pino(options, destination);
  const withModules = (log: PinoLogger): Logger =>
    Object.assign(log, {
      module: (name: LogModule) =>
        withModules(whole.child({ module: name }, { level: named[`${service}/${name}`] ?? level })),
    });
  return withModules(whole);
}
