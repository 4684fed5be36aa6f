import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** One installation at a time on a machine. */
const LOCK = join(tmpdir(), "twinspan-apt.lock");
const INSTALL_MS = 300_000;

/**
 * Where a program is, which a Debian package brings. Installed when it is missing and that is allowed (as root on a
 * Debian); else rejects with one sentence that says how to get it. The first time may take a minute.
 */
export async function debianProgram(program: string, packageName: string): Promise<string> {
  const there = placeOf(program);
  if (there !== undefined) return there;
  if (process.getuid?.() !== 0 || placeOf("apt-get") === undefined) {
    throw new Error(`${program} is missing. Install it (Debian: apt-get install ${packageName}), and run this again.`);
  }
  await install(packageName);
  const installed = placeOf(program);
  if (installed === undefined) throw new Error(`Debian's ${packageName} brings no ${program}.`);
  return installed;
}

function placeOf(program: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function install(packageName: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const script = `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${packageName}`;
  try {
    await run("flock", [LOCK, "sh", "-c", script], { env, timeout: INSTALL_MS });
  } catch (cause) {
    throw new Error(`Debian's ${packageName} could not be installed: this needs a Debian mirror and some disk.`, {
      cause,
    });
  }
}
