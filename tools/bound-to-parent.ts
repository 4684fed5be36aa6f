import { spawnSync } from "node:child_process";

/** Asks Linux to kill a process when the one that has started it ends. It stays the same process, with the same number. */
const SETPRIV = ["setpriv", "--pdeathsig", "KILL"] as const;

let isThere: boolean | undefined;

/** Whether a process can be bound to its parent here: by setpriv, which util-linux has. */
export function canBindToParent(): boolean {
  const [program, ...options] = SETPRIV;
  isThere ??= spawnSync(program, [...options, "true"], { stdio: "ignore" }).status === 0;
  return isThere;
}

/**
 * The command that runs a program so that it is killed when this process ends, however it does: what a test has started
 * must not outlive a run that was killed. Where that cannot be had it is the program itself.
 */
export function boundToParent(program: string, args: readonly string[]): readonly [string, string[]] {
  if (!canBindToParent()) return [program, [...args]];
  const [setpriv, ...options] = SETPRIV;
  return [setpriv, [...options, program, ...args]];
}
