import { type DestinationStream, pino } from "pino";

/** Writes log lines: JSON, one an event, on standard output. Never payload, never a secret. */
export type Logger = Pick<ReturnType<typeof pino>, "debug" | "info" | "warn" | "error">;

/** How much is logged. `silent` is for tests. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** A logger for a service. `destination` is for tests that read what is logged. */
export function createLogger(service: string, level: LogLevel, destination?: DestinationStream): Logger {
  const options = { level, base: { service }, timestamp: pino.stdTimeFunctions.isoTime };
  return destination === undefined ? pino(options) : pino(options, destination);
}
