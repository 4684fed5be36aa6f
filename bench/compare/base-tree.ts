import { execFile } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const INSTALL_MS = 600_000;

/** Another commit of this repository, checked out beside. Disposing of it removes it. */
export interface BaseTree extends AsyncDisposable {
  readonly root: string;
  /** The commit, short. */
  readonly commit: string;
}

/**
 * Checks a commit out at `root`, which must not be there, with the packages that it pins: those of the present tree where
 * both pin the same, else its own, which takes a minute. Rejects with one sentence when git knows no such commit.
 */
export async function checkOut(ref: string, root: string, present: string): Promise<BaseTree> {
  const git = async (...args: readonly string[]) => (await run("git", ["-C", present, ...args])).stdout.trim();
  const commit = await git("rev-parse", "--verify", "--short", `${ref}^{commit}`).catch((cause: unknown) => {
    throw new Error(`git knows no commit ${ref}`, { cause });
  });
  await using started = new AsyncDisposableStack();
  await git("worktree", "add", "--detach", root, commit);
  started.defer(async () => void (await git("worktree", "remove", "--force", root)));
  const pinned = (tree: string) => readFileSync(join(tree, "package-lock.json"), "utf8");
  const packages = join(present, "node_modules");
  if (existsSync(packages) && pinned(root) === pinned(present)) symlinkSync(packages, join(root, "node_modules"));
  else await run("sh", ["scripts/install.sh"], { cwd: root, timeout: INSTALL_MS });
  const owned = started.move();
  return { root, commit, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
