/** The data of the events of a stream (server-sent events), as they come. Those that are no JSON, as `[DONE]`, are left out. */
export async function* serverEventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += done ? `${decoder.decode()}\n\n` : decoder.decode(value, { stream: true });
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = event
        .split(/\r?\n/)
        .flatMap((line) => (line.startsWith("data:") ? line.slice(5).trimStart() : []))
        .join("\n");
      const json = jsonOf(data);
      if (json !== undefined) yield json;
    }
    if (done) return;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
