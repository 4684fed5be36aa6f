import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Outside the tree, so that a clean checkout need not fetch again. */
const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "twinspan", "debian");
const FETCH_MS = 120_000;

/**
 * Where a Debian package lies unpacked: fetched at its first use on this machine, and kept. Nothing is installed and
 * nothing started, which installing a server would do; what it depends on must be there. Rejects with one sentence that
 * says what is missing.
 */
export async function unpackedDebianPackage(name: string): Promise<string> {
  const place = join(CACHE, name);
  if (existsSync(place)) return place;
  mkdirSync(CACHE, { recursive: true });
  const fetched = mkdtempSync(join(CACHE, "fetching-"));
  try {
    await download(name, fetched);
    const archive = readdirSync(fetched).find((file) => file.endsWith(".deb")) ?? "";
    const root = join(fetched, "root");
    await run("dpkg-deb", ["--extract", join(fetched, archive), root]);
    renameSync(root, place);
  } catch (cause) {
    // Another process may have been faster: then its copy is there.
    if (!existsSync(place)) {
      throw new Error(`Debian's ${name} could not be fetched: this needs a Debian with a mirror that can be reached.`, {
        cause,
      });
    }
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
  return place;
}

/** The lists of packages may be missing or old: then they are fetched first, which only root may. */
async function download(name: string, directory: string): Promise<void> {
  const options = { cwd: directory, timeout: FETCH_MS };
  try {
    await run("apt-get", ["download", "-qq", name], options);
  } catch {
    await run("apt-get", ["update", "-qq"], options);
    await run("apt-get", ["download", "-qq", name], options);
  }
}
