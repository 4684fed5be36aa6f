/** Rows of cells as lines, each column as wide as its widest cell, those named in `toTheRight` aligned to the right. */
export function tableOf(rows: readonly (readonly string[])[], toTheRight: ReadonlySet<number> = new Set()): string {
  const widths = rows.reduce<readonly number[]>(
    (known, row) => row.map((cell, column) => Math.max(cell.length, known[column] ?? 0)),
    [],
  );
  const lines = rows.map((row) =>
    row.map((cell, column) => aligned(cell, widths[column] ?? 0, toTheRight.has(column))),
  );
  return `${lines.map((cells) => cells.join("  ").trimEnd()).join("\n")}\n`;
}

function aligned(cell: string, width: number, isToTheRight: boolean): string {
  return isToTheRight ? cell.padStart(width) : cell.padEnd(width);
}
