/**
 * What this program was told, read by `read`. Ends the process where it was asked for its usage, and, with status 2 and
 * the usage, where `read` throws.
 */
export function toldOptions<Options>(read: (args: readonly string[]) => Options, usage: string): Options {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return read(args);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}\n`);
    process.exit(2);
  }
}

/** The names that an option lists, parted by commas, in the order of `all`. Throws an Error when one is none of those. */
export function namesOf<Name extends string>(
  option: string,
  text: string | undefined,
  all: readonly Name[],
  otherwise: readonly Name[],
): readonly Name[] {
  if (text === undefined) return otherwise;
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.find((name) => !all.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`${option}: "${unknown}" is none of ${all.join(", ")}`);
  return all.filter((name) => named.includes(name));
}

/** The number of an option. Throws an Error when it is none, or out of bounds. */
export function numberOf(option: string, text: string, max: number): number {
  const value = Number(text);
  if (!(value > 0 && value <= max)) throw new Error(`${option}: "${text}" must be a number above 0, at most ${max}`);
  return value;
}
