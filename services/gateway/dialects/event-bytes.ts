/** A server-sent event: its data as JSON, and its name where it has one. */
export function eventBytesOf(data: unknown, name?: string): Buffer {
  const head = name === undefined ? "" : `event: ${name}\n`;
  return Buffer.from(`${head}data: ${JSON.stringify(data)}\n\n`);
}
