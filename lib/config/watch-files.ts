import { statSync } from "node:fs";

/** How often files are looked at. */
const LOOK_MS = 1_000;

/**
 * Watches files, and calls `onChange` when one of them has become another and has stayed so from one look to the next: a file
 * that is still being written is not read. It asks what stands under each name, and not the file itself, so editors that
 * replace a file, symbolic links that are swapped (Kubernetes' mounts), and file systems without events are all seen.
 * `files` is asked at every look. Looks are a second apart; disposing of it ends them.
 */
export function watchFiles(files: () => readonly string[], onChange: () => void, lookMs = LOOK_MS): Disposable {
  let known = stateOf(files());
  let seen = known;
  const timer = setInterval(() => {
    const now = stateOf(files());
    const isSettled = now === seen;
    seen = now;
    if (!isSettled || now === known) return;
    onChange();
    // What is watched may be other files now.
    known = stateOf(files());
    seen = known;
  }, lookMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function stateOf(files: readonly string[]): string {
  return files.map((file) => `${file} ${identityOf(file)}`).join("\n");
}

/** Which file stands under a name, and when it last became another. A name without a file has a state too. */
function identityOf(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? "none" : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}
