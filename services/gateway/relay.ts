import { type ServiceError, serviceErrorOf } from "#lib/service-error.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { AnswerHead } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { Answer, Attempts, StreamedAnswer, WholeAnswer } from "./attempts.ts";
import type { ProviderAnswer } from "./providers/provider.ts";
import { failureOf } from "./recording.ts";

/** Hands an answer on, piece by piece; its last piece goes once the call counts as recorded. */
export function relay(attempts: Attempts, answer: Answer): AsyncGenerator<InvokeStreamResponse, void, void> {
  return answer.kind === "whole" ? relayWhole(attempts, answer) : relayStream(attempts, answer);
}

async function* relayWhole({ recording }: Attempts, { head, body, refusal }: WholeAnswer) {
  const summary = await recording.end(refusal && failureOf(refusal));
  yield { head: headOf(head), chunk: body, summary };
}

async function* relayStream({ gateway, recording, dialect, signal }: Attempts, { head, first, tap }: StreamedAnswer) {
  let failure: ServiceError | undefined;
  let last: Buffer;
  try {
    yield { head: headOf(head), chunk: first, summary: undefined };
    for await (const bytes of head.body) {
      const chunk = tap.push(bytes, gateway.clock());
      if (chunk.length > 0) yield { head: undefined, chunk, summary: undefined };
    }
    last = tap.end();
  } catch (thrown) {
    failure = serviceErrorOf(thrown);
    // A caller that has gone needs no event.
    if (signal.aborted) throw failure;
    last = errorEventOf(failure) ?? dialect.errorEvent(failure);
  } finally {
    await head.body.return();
  }
  const summary = await recording.end(failure && failureOf(failure));
  yield { head: undefined, chunk: last, summary };
}

/** The provider's own event, where it told its failure in the stream. */
function errorEventOf(failure: ServiceError): Buffer | undefined {
  return "event" in failure && Buffer.isBuffer(failure.event) ? failure.event : undefined;
}

function headOf({ status, headers }: ProviderAnswer): AnswerHead {
  return { status, headers: headers.map(([name, value]) => ({ name, value })) };
}
