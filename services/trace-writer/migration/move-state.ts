import { hash } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const moved = z.object({
  source: z.string(),
  target: z.string(),
  /** Behind what to go on. */
  next: z.string(),
  traces: z.number(),
  bytes: z.number(),
});

/** How far a move has come. */
export type Moved = Pick<z.output<typeof moved>, "next" | "traces" | "bytes">;

/** Remembers how far the move from one place to another has come, in a file, whatever ends the process. */
export interface MoveState {
  /** Undefined: it has not begun, or was done. */
  read(): Promise<Moved | undefined>;
  write(moved: Moved): Promise<void>;
  /** The move is done. */
  forget(): Promise<void>;
}

/** The state of a move, in a directory, which is made when missing. */
export function moveStateIn(directory: string, source: string, target: string): MoveState {
  const digest = hash("sha256", `${source}\n${target}`, "hex").slice(0, 12);
  const file = join(directory, `store-migrate-${digest}.json`);
  return {
    async read() {
      const text = await readFile(file, "utf8").catch(() => undefined);
      return text === undefined ? undefined : moved.parse(JSON.parse(text));
    },
    async write({ next, traces, bytes }) {
      await mkdir(directory, { recursive: true });
      await using part = await open(`${file}.part`, "w");
      await part.writeFile(`${JSON.stringify({ source, target, next, traces, bytes })}\n`);
      await part.sync();
      await rename(`${file}.part`, file);
    },
    forget: () => rm(file, { force: true }),
  };
}
