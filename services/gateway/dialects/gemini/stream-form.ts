/** How the chunks stand in a stream: as server-sent events, or as the elements of one JSON array that grows. */
export type StreamForm = "events" | "array";

/** The form of a stream of this content type, in lower case. Undefined: it is no stream. */
export function streamFormOf(contentType: string): StreamForm | undefined {
  if (contentType.startsWith("text/event-stream")) return "events";
  return contentType.startsWith("application/json") ? "array" : undefined;
}
