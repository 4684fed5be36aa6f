import { startProgress } from "../cli/progress.ts";
import type { Bench } from "./run.ts";

/** Says something to whoever runs this. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Shows how far a run has come: a line for each round, and on a terminal a bar. It is gone when it is disposed of. */
export function showProgress(cellsOfRound: number, rounds: number): Pick<Bench, "onRound" | "onCell"> & Disposable {
  const err = (text: string) => void process.stderr.write(text);
  const progress = startProgress({ err, errIsTerminal: process.stderr.isTTY }, cellsOfRound * (rounds + 1));
  return {
    onRound: (round) => say(`${minutesText()}: ${round === 0 ? "warming up" : `round ${round} of ${rounds}`} …`),
    onCell: (done, name) => progress.show(done, name),
    [Symbol.dispose]: () => progress[Symbol.dispose](),
  };
}

/** How long this process runs. */
function minutesText(): string {
  const seconds = Math.round(performance.now() / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
