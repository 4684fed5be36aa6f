import { statSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

/** How often files are looked at. */
const LOOK_MS = 1_000;

/** What stands under each name. */
type Identities = ReadonlyMap<string, string>;

/**
 * Watches files, and calls `onChange` when one of them has become another and has stayed so from one look to the next:
 * a file that is still being written is not read. It asks what stands under each name, and not the file itself, so
 * editors that replace a file, symbolic links that are swapped (Kubernetes' mounts), and file systems without events
 * are all seen. `files` is asked at every look, and may name others after a change. Looks are a second apart; disposing
 * of it ends them.
 */
export function watchFiles(files: () => readonly string[], onChange: () => void, lookMs = LOOK_MS): Disposable {
  let known = identitiesOf(files());
  let seen = known;
  const timer = setInterval(() => {
    const now = identitiesOf(files());
    const isSettled = isDeepStrictEqual(now, seen);
    seen = now;
    if (!isSettled || isDeepStrictEqual(now, known)) return;
    onChange();
    // What has changed since it was looked at is seen at the next look; names that are new count from here.
    known = new Map(files().map((file) => [file, now.get(file) ?? identityOf(file)]));
    seen = known;
  }, lookMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function identitiesOf(files: readonly string[]): Identities {
  return new Map(files.map((file) => [file, identityOf(file)]));
}

/** Which file stands under a name, and when it last became another. A name without a file has an identity too. */
function identityOf(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? "none" : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}
