import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Only what runs in production is started from there. */
const INSTALL = ["ci", "--omit=dev", "--no-audit", "--no-fund"];

/** The repository as it was, to be run. Disposing of it removes it. */
export interface ReleasedTree extends AsyncDisposable {
  readonly directory: string;
  /** Whether its packages are those of this tree. They are then here already. */
  readonly hasSamePackages: boolean;
  /** Installs its packages, for a minute and over the network where they are others. */
  install(): Promise<void>;
}

/** The last release: the last tag before this commit. Undefined: there is none, or git's history is not at hand. */
export function lastRelease(): Promise<string | undefined> {
  return git("describe", "--tags", "--abbrev=0", "HEAD^");
}

/** The commit before this one. Undefined: git's history is not at hand. */
export function commitBefore(): Promise<string | undefined> {
  return git("rev-parse", "--verify", "--quiet", "HEAD^");
}

/**
 * Checks the repository out as it was at a tag or a commit. Throws where git does not know it, or where it had no
 * services yet.
 */
export async function releasedTree(ref: string): Promise<ReleasedTree> {
  const commit = await git("rev-parse", "--verify", "--quiet", `${ref}^{commit}`);
  if (commit === undefined) {
    throw new Error(`git knows no ${ref} here. Fetch it (git fetch --tags --unshallow), or name another.`);
  }
  await using made = new AsyncDisposableStack();
  const directory = join(mkdtempSync(join(tmpdir(), "twinspan-release-")), "tree");
  made.defer(() => rmSync(dirname(directory), { recursive: true, force: true }));
  await run("git", ["worktree", "add", "--detach", directory, commit], { cwd: ROOT });
  made.defer(async () => {
    await run("git", ["worktree", "remove", "--force", directory], { cwd: ROOT });
  });
  if (!existsSync(join(directory, "services/trace-writer/main.ts"))) {
    throw new Error(`${ref} had no services yet. Name a later commit.`);
  }
  const lockOf = (tree: string) => readFileSync(join(tree, "package-lock.json"), "utf8");
  const hasSamePackages = lockOf(directory) === lockOf(ROOT);
  const owned = made.move();
  return {
    directory,
    hasSamePackages,
    async install() {
      if (hasSamePackages) symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
      else await run("npm", INSTALL, { cwd: directory });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What git says. Undefined: it fails, says nothing, or is not there. */
async function git(...words: readonly string[]): Promise<string | undefined> {
  try {
    return (await run("git", words, { cwd: ROOT })).stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
