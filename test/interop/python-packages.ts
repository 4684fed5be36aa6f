import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const VENV = join(import.meta.dirname, "../../var/interop-python");
const REQUIREMENTS = join(import.meta.dirname, "python/requirements.txt");

/** Where the commands of the installed packages are. */
export const PYTHON_BIN = join(VENV, "bin");

/** Installs what is listed, unless just that is there. */
const INSTALL = `cmp -s "$2" "$1/installed" || {
  python3 -m venv "$1" && "$1/bin/pip" install --quiet -r "$2" && cp "$2" "$1/installed"
}`;

/**
 * Fetches Python's clients, once for each list of them; they stay under var/. Takes some two minutes. Files of tests
 * that run at once wait for the one that came first.
 */
export async function installPythonPackages(): Promise<void> {
  mkdirSync(VENV, { recursive: true });
  try {
    await run("flock", [`${VENV}.lock`, "sh", "-c", INSTALL, "sh", VENV, REQUIREMENTS]);
  } catch (cause) {
    throw new Error(
      "Python's clients could not be installed: this needs python3 (3.10 or newer) with venv, and PyPI.",
      { cause },
    );
  }
}
