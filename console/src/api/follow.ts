import { ServiceError } from "#lib/service-error.ts";
import { failureOf, type Method, post } from "./call.ts";
import { connectErrorOf } from "./connect-error.ts";
import { type Envelope, envelopeOf, envelopesIn } from "./envelopes.ts";

/**
 * Calls a method that answers with a stream, over the Connect protocol. Ends when the server ends it well; rejects with
 * a ServiceError, or with the signal's reason.
 */
export async function* follow<Request, Response>(
  method: Method<Request, Response>,
  request: Request,
  signal: AbortSignal,
): AsyncGenerator<Response> {
  const answer = await post(
    method.path,
    { "content-type": "application/connect+proto", "connect-protocol-version": "1" },
    envelopeOf(method.requestSerialize(request)),
    signal,
  );
  if (!answer.ok || answer.body === null) throw await failureOf(answer);
  for await (const envelope of messagesIn(answer.body, signal)) {
    if (envelope.isEnd) return throwIfFailed(envelope.bytes);
    yield method.responseDeserialize(Buffer.from(envelope.bytes));
  }
  throw new ServiceError("unavailable", "The stream broke off.");
}

/** A connection that breaks is told as what it is. */
async function* messagesIn(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Envelope> {
  try {
    yield* envelopesIn(piecesOf(body));
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new ServiceError("unavailable", "The stream broke off.", { cause });
  }
}

/** Not every browser can iterate over a stream. */
async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The last message has the error, if there is one: `{"error": {"code", "message"}}`. */
function throwIfFailed(bytes: Uint8Array): void {
  const end: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof end === "object" && end !== null && "error" in end) throw connectErrorOf(end.error, 200);
}
