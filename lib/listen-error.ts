/** The one line that says why an address cannot be listened on, and what to do. */
export function listenErrorOf(cause: Error, listen: string): Error {
  if (cause.message.includes("EADDRINUSE") || cause.message.includes("No address added")) {
    return new Error(`${listen} is taken by another process. Stop it, or set another address in twinspan.yaml.`, {
      cause,
    });
  }
  if (cause.message.includes("EACCES")) {
    return new Error(`${listen} needs rights that this process lacks. Take a port above 1023.`, { cause });
  }
  return new Error(`${listen} cannot be listened on: ${cause.message}`, { cause });
}
