const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** Bytes as people read them: `812 B`, `4.2 KB`, `1.3 GB`; a thousand of one make the next, as disks are sold. */
export function bytesText(bytes: number | bigint): string {
  let number = Number(bytes);
  let unit = 0;
  while (number >= 1000 && unit < UNITS.length - 1) {
    number /= 1000;
    unit += 1;
  }
  return `${number >= 100 ? Math.round(number) : Math.round(number * 10) / 10} ${UNITS[unit]}`;
}
