import { once } from "node:events";
import { statfsSync } from "node:fs";
import { createServer } from "node:net";
import { bytesText } from "#lib/traces/bytes-text.ts";
import { CliError } from "../io.ts";

/** An address that must be free, and the setting that names it. */
export interface NeededAddress {
  /** `host:port`. */
  readonly listen: string;
  readonly setting: string;
}

/** Less free space than that is too little to start with, in bytes. */
const DISK_BYTES_MIN = 200_000_000;

/** Checks what must be so before anything starts. Returns the line that says so, or fails with one that says what to do. */
export async function checkMachine(directory: string, addresses: readonly NeededAddress[]): Promise<string> {
  checkDisk(directory);
  for (const address of addresses) await checkFree(address);
  const ports = addresses.map(({ listen }) => listen.slice(listen.lastIndexOf(":") + 1));
  return `node ${process.versions.node} ✓   dependencies ✓   ports ${ports.join(" ")} free ✓`;
}

function checkDisk(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free >= DISK_BYTES_MIN) return;
  throw new CliError(
    `the disk is full: ${bytesText(free)} free under ${directory}, ${bytesText(DISK_BYTES_MIN)} needed. Free some ('make clean' deletes stored traces), and run this again.`,
  );
}

async function checkFree({ listen, setting }: NeededAddress): Promise<void> {
  const colon = listen.lastIndexOf(":");
  const server = createServer();
  server.listen(Number(listen.slice(colon + 1)), listen.slice(0, colon));
  try {
    await once(server, "listening");
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (why === "EADDRINUSE") throw await takenOf(listen, setting);
    throw new CliError(`${listen} cannot be listened on (${why}). Set another ${setting} in twinspan.yaml.`, { cause });
  }
  server.close();
  await once(server, "close");
}

async function takenOf(listen: string, setting: string): Promise<CliError> {
  const port = listen.slice(listen.lastIndexOf(":") + 1);
  if (await isTwinspan(listen)) {
    return new CliError(
      `twinspan runs already (it answers at ${listen}). Use it, or stop it with Ctrl-C where it runs ('lsof -i :${port}' names it).`,
    );
  }
  return new CliError(
    `${listen} is taken by another process. Stop it ('lsof -i :${port}' names it), or set another ${setting} in twinspan.yaml.`,
  );
}

async function isTwinspan(listen: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${listen}/readyz`, { signal: AbortSignal.timeout(1000) });
    return (await response.text()).includes('"degraded"');
  } catch {
    return false;
  }
}
