import { runCli } from "./program.ts";

/** Ctrl-C, a supervisor, a terminal that is closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const stop = new AbortController();
const stopNow = new AbortController();
const onSignal = () => (stop.signal.aborted ? stopNow.abort() : stop.abort());
for (const signal of SIGNALS) process.on(signal, onSignal);
// `trace list | head` closes the pipe early: that is no failure, and the end of what runs.
process.stdout.on("error", () => stop.abort());

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  errIsTerminal: process.stderr.isTTY,
  input: () => process.stdin,
  environment: process.env,
  directory: process.cwd(),
  stop: stop.signal,
  stopNow: stopNow.signal,
});
for (const signal of SIGNALS) process.removeListener(signal, onSignal);
