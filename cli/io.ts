import type { Environment } from "#lib/config/load.ts";

/** What a command may touch of the process it runs in. */
export interface CliIo {
  /** Writes to standard output: what was asked for, and nothing else. */
  out(text: string): void;
  /** Writes to standard error: what went wrong, and what to do. */
  err(text: string): void;
  /** Whether standard error is a terminal, where a line can be drawn anew. */
  readonly errIsTerminal: boolean;
  /** Standard input. */
  input(): AsyncIterable<Uint8Array>;
  readonly environment: Environment;
  /** The directory that relative files are looked for in. */
  readonly directory: string;
  /** Aborts when the user wants it to end (Ctrl-C, SIGTERM): orderly. */
  readonly stop: AbortSignal;
  /** Aborts when the user asks again: at once. */
  readonly stopNow: AbortSignal;
}

/** A failure that the user is told in the words of its message, without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
}
