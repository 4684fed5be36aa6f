import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A store as it is measured. */
export interface MeasuredStore {
  readonly name: StoreName;
  /** `traceWriter.store` of the configuration, as JSON. */
  readonly settings: object;
  /** What it takes on the disk, in bytes, all of it. Asked when nothing is written. */
  bytesOnDisk(): number;
}

export type StoreName = (typeof STORE_NAMES)[number];
export const STORE_NAMES = ["sqlite"] as const;

/** A store of its own for a run, in a directory that is empty. */
export function storeIn(name: StoreName, directory: string): MeasuredStore {
  return {
    name,
    settings: { sqlite: { path: join(directory, "traces.db") } },
    bytesOnDisk: () =>
      readdirSync(directory)
        .filter((file) => file.startsWith("traces.db"))
        .reduce((sum, file) => sum + statSync(join(directory, file)).size, 0),
  };
}
