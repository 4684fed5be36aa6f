import { ServiceError } from "#lib/service-error.ts";
import type { AnswerHead } from "#proto/twinspan/gateway/v1/invocation.ts";
import { failureKindOfStatus } from "../core/error-type.ts";
import { retryAfterMsOf } from "../providers/passed-headers.ts";

/** The failure that a provider's refusal is to callers of typed messages. Undefined: the answer is none. */
export function providerRefusalOf({ status, headers }: AnswerHead): ServiceError | undefined {
  const kind = failureKindOfStatus(status);
  if (kind === undefined) return undefined;
  const retryAfterMs = retryAfterMsOf(
    headers.map(({ name, value }) => [name, value]),
    Date.now(),
  );
  return new ServiceError(kind, `The provider answered ${status}. What it said is in the full trace.`, {
    metadata: { http_status: String(status) },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
