import { runCli } from "./program.ts";

const stop = new AbortController();
const stopNow = new AbortController();
const onSignal = () => (stop.signal.aborted ? stopNow.abort() : stop.abort());
process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
// `trace list | head` closes the pipe early: that is no failure.
process.stdout.on("error", () => process.exit(0));

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  environment: process.env,
  directory: process.cwd(),
  stop: stop.signal,
  stopNow: stopNow.signal,
});
process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
