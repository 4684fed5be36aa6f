import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const VENV = join(import.meta.dirname, "../../var/interop-python");
const REQUIREMENTS = join(import.meta.dirname, "python/requirements.txt");

/** Where the commands of the installed packages are. */
export const PYTHON_BIN = join(VENV, "bin");

/** Fetches Python's clients, once for each list of them; they stay under var/. Takes some two minutes. */
export async function installPythonPackages(): Promise<void> {
  const done = join(VENV, "installed");
  const wanted = readFileSync(REQUIREMENTS, "utf8");
  if (existsSync(done) && readFileSync(done, "utf8") === wanted) return;
  mkdirSync(VENV, { recursive: true });
  try {
    await run("python3", ["-m", "venv", VENV]);
    await run(join(PYTHON_BIN, "pip"), ["install", "--quiet", "-r", REQUIREMENTS]);
  } catch (cause) {
    throw new Error(
      "Python's clients could not be installed: this needs python3 (3.10 or newer) with venv, and PyPI.",
      { cause },
    );
  }
  writeFileSync(done, wanted);
}
