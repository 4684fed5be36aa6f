/** The content type of a stream of server-sent events. */
export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** What a server-sent event says, with its name among it. */
export interface TypedData {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A server-sent event that is named as the `type` of its data. */
export function typedEventOf(data: TypedData): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}
