import { readdirSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";

/** The outbox's file of a worker, by its number: the first has the file that is configured, others one beside it. */
export function outboxPathOf(path: string, worker: number): string {
  if (worker === 0) return path;
  const end = extname(path);
  return join(dirname(path), `${basename(path, end)}.worker-${worker}${end}`);
}

/** The files there are of workers from `count` on: those of a time when there were more. */
export function leftOutboxPaths(path: string, count: number): readonly string[] {
  const end = extname(path);
  const name = `${basename(path, end)}.worker-`;
  return readdirSync(dirname(path))
    .filter((file) => file.startsWith(name) && file.endsWith(end))
    .map((file) => Number(file.slice(name.length, file.length - end.length)))
    .filter((worker) => Number.isInteger(worker) && worker >= Math.max(1, count))
    .toSorted((a, b) => a - b)
    .map((worker) => outboxPathOf(path, worker));
}
