import { Readable } from "node:stream";
import { runCli } from "../../../cli/program.ts";

/** What a command wrote, and its exit status. */
export interface CliRun {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process, as its main does. `stop` is Ctrl-C; `onOut` hears what is written, as it is. */
export async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  {
    stop = new AbortController().signal,
    onOut = () => {},
    errIsTerminal = false,
    input = "",
  }: { stop?: AbortSignal; onOut?: (text: string) => void; errIsTerminal?: boolean; input?: string } = {},
): Promise<CliRun> {
  const written = { out: "", err: "" };
  const status = await runCli(args, {
    out: (text) => {
      written.out += text;
      onOut(text);
    },
    err: (text) => {
      written.err += text;
    },
    errIsTerminal,
    input: () => Readable.from([Buffer.from(input)]),
    environment,
    directory: process.cwd(),
    stop,
    stopNow: new AbortController().signal,
  });
  return { status, ...written };
}
