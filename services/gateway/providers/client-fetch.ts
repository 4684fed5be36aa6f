import type { HttpClient } from "./http-client.ts";
import type { AttemptTimeouts } from "./provider.ts";

/** What the requests of one attempt have in common. */
export interface FetchOptions {
  readonly timeouts: AttemptTimeouts;
  /** The attempt's signal, for requests that bring none. */
  readonly signal: AbortSignal;
}

/**
 * The Fetch API over a provider's client, for the packages that translate: the same connections, limits of time and
 * guarded addresses as a relayed request. It takes bodies that are text or bytes, and follows no redirect.
 */
export function createClientFetch(
  client: Pick<HttpClient, "request">,
  { timeouts, signal }: FetchOptions,
): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, { ...init, signal: null });
    const bytes = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const answer = await client.request({
      method: methodOf(request.method),
      url: new URL(request.url),
      headers: { ...Object.fromEntries(request.headers), "accept-encoding": "identity" },
      body: bytes,
      timeouts,
      signal: init?.signal ?? signal,
    });
    const headers = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined) headers.set(name, typeof value === "string" ? value : value.join(", "));
    }
    const hasBody = answer.status !== 204 && answer.status !== 205 && answer.status !== 304;
    return new Response(hasBody ? bodyOf(answer.body) : null, { status: answer.status, headers });
  };
}

function methodOf(method: string): "GET" | "POST" | "PUT" | "PATCH" | "DELETE" {
  switch (method) {
    case "GET":
    case "PUT":
    case "PATCH":
    case "DELETE":
      return method;
    default:
      return "POST";
  }
}

/** A body that is read as it is asked for, so that a slow reader slows the provider. */
function bodyOf(pieces: AsyncGenerator<Buffer, void, void>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          const next = await pieces.next();
          if (next.done) return controller.close();
          if (next.value.length > 0) return controller.enqueue(new Uint8Array(next.value));
        }
      },
      async cancel() {
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
}
