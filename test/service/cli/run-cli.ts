import { runCli } from "../../../cli/program.ts";

/** What a command wrote, and its exit status. */
export interface CliRun {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process, as its main does. */
export async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  const written = { out: "", err: "" };
  const status = await runCli(args, {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    environment,
    directory: process.cwd(),
    stop: new AbortController().signal,
    stopNow: new AbortController().signal,
  });
  return { status, ...written };
}
