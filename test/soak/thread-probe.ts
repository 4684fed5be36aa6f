import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

/**
 * Loaded before a service (`--import`), in each of its threads: whenever the file `ask` in the directory SOAK_PROBES
 * says something new, it collects garbage and writes what the thread then holds into a file of its own there.
 */
const DIRECTORY = process.env["SOAK_PROBES"] ?? "";
const LOOK_EVERY_MS = 200;

let answered = "";

function look(): void {
  const asked = readFileSync(join(DIRECTORY, "ask"), "utf8");
  if (asked === answered) return;
  answered = asked;
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const held = { asked, heapBytes: heapUsed + external, handles: process.getActiveResourcesInfo().length };
  const file = join(DIRECTORY, `thread-${threadId}`);
  writeFileSync(`${file}.new`, JSON.stringify(held));
  renameSync(`${file}.new`, file);
}

setInterval(look, LOOK_EVERY_MS).unref();
