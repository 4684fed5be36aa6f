import { type ServiceError, serviceErrorOf } from "#lib/service-error.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { AnswerHead } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { StreamedAnswer, WholeAnswer } from "../attempts/answer.ts";
import { letGo } from "../attempts/let-go.ts";
import type { Attempts } from "../attempts/try-model.ts";
import { failureOf } from "../core/failure.ts";
import { ProviderError } from "../core/provider-error.ts";
import type { ProviderAnswer } from "../providers/provider.ts";
import type { Recording } from "../recording/recording.ts";

/** A whole answer as its only piece, which may go: the call counts as recorded. */
export async function lastPieceOf(recording: Recording, { head, body, refusal }: WholeAnswer) {
  const summary = await recording.end(refusal && failureOf(refusal));
  return { head: headOf(head), chunk: body, summary };
}

/**
 * Hands a stream on, piece by piece; its last piece goes once the call counts as recorded. Throws the ServiceError that
 * it failed with, where its dialect has no way to tell of it in the stream.
 */
export async function* handOn(
  { gateway, recording, signal }: Attempts,
  { head, first, tap }: StreamedAnswer,
): AsyncGenerator<InvokeStreamResponse, void, void> {
  let failure: ServiceError | undefined;
  let last: Buffer | undefined;
  try {
    yield { head: headOf(head), chunk: first, summary: undefined };
    while (!tap.isOver) {
      const next = await head.body.next();
      if (next.done) break;
      const chunk = tap.push(next.value, recording.now());
      if (chunk.length > 0) yield { head: undefined, chunk, summary: undefined };
    }
    last = tap.end();
    letGo(head);
  } catch (thrown) {
    failure = serviceErrorOf(thrown);
    // A caller that has gone needs no event.
    if (signal.aborted) throw failure;
    if (failure.kind === "internal") gateway.log.error({ err: failure.cause ?? failure }, "a stream failed");
  } finally {
    if (last === undefined) await head.body.return();
  }
  const chunk = last ?? (failure && (eventOf(failure) ?? tap.errorEvent(failure)));
  if (chunk === undefined) throw failure;
  const summary = await recording.end(failure && failureOf(failure));
  yield { head: undefined, chunk, summary };
}

/** The provider's own event, where it told its failure in the stream. */
function eventOf(failure: ServiceError): Buffer | undefined {
  return failure instanceof ProviderError ? failure.event : undefined;
}

function headOf({ status, headers }: ProviderAnswer): AnswerHead {
  return { status, headers: headers.map(([name, value]) => ({ name, value })) };
}
