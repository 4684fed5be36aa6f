import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of its own, so small that a test can fill it. Disposing of it unmounts it. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Leaves no block free. */
  fill(): void;
  /** Gives back what was filled. */
  giveBack(): void;
  /** How many bytes are free. */
  freeBytes(): number;
}

/** Mounts one. Undefined: this user may not, since only root may, and not in every container. */
export function mountSmallDisk(bytes: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), "twinspan-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path], { stdio: "pipe" });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  const ballast = join(path, "ballast");
  return {
    path,
    fill() {
      for (let left = freeIn(path); left > 0; left = freeIn(path)) append(ballast, left);
    },
    giveBack: () => rmSync(ballast, { force: true }),
    freeBytes: () => freeIn(path),
    [Symbol.dispose]() {
      execFileSync("umount", [path]);
      rmSync(path, { recursive: true });
    },
  };
}

function append(file: string, bytes: number): void {
  try {
    writeFileSync(file, Buffer.alloc(bytes), { flag: "a" });
  } catch (error) {
    // Another has taken of it meanwhile: then it is full, which is what is wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
}

function freeIn(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
