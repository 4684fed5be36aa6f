import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Inputs that failed once, a folder a target; they are tried first, always. */
const FOLDER = "test/fuzz/cases";

/** Those of a target. */
export function savedCasesOf(target: string): readonly Uint8Array[] {
  const folder = folderOf(target);
  return existsSync(folder) ? readdirSync(folder).map((file) => readFileSync(join(folder, file))) : [];
}

/** Saves one, and returns its file. */
export function saveCase(target: string, input: Uint8Array): string {
  const folder = folderOf(target);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, createHash("sha256").update(input).digest("hex").slice(0, 12));
  writeFileSync(file, input);
  return file;
}

function folderOf(target: string): string {
  return join(FOLDER, target.toLowerCase().replace(/[^a-z0-9]+/g, "-"));
}
