import { ServiceError } from "#lib/service-error.ts";

/** What can go wrong between us and a provider. */
export type ProviderFailureKind = "provider_unavailable" | "provider_timeout" | "provider_protocol";

/** A provider that cannot be reached, does not answer in time, or breaks off. */
export class ProviderFailure extends ServiceError {
  /** What the network said. It goes into the full trace and nowhere else. */
  readonly text: string;

  constructor(kind: ProviderFailureKind, message: string, text: string, cause: unknown) {
    super(kind, message, { cause });
    this.text = text;
  }
}

/** undici's codes for time that ran out, and what they mean. */
const TIMEOUTS: ReadonlyMap<string, string> = new Map([
  ["UND_ERR_CONNECT_TIMEOUT", "did not connect in time (timeouts.connectMs)"],
  ["UND_ERR_HEADERS_TIMEOUT", "did not begin its answer in time (timeouts.firstByteMs)"],
  ["UND_ERR_BODY_TIMEOUT", "stopped in the middle of its answer (timeouts.idleMs)"],
]);

/** The failure that an error of the HTTP client is. `hasHead`: the answer had begun. */
export function providerFailureOf(provider: string, error: unknown, hasHead: boolean): ProviderFailure {
  const code = codeOf(error);
  const text = error instanceof Error ? `${code} ${error.message}`.trim() : String(error);
  const timeout = TIMEOUTS.get(code);
  if (timeout !== undefined) {
    return new ProviderFailure("provider_timeout", `The provider ${provider} ${timeout}.`, text, error);
  }
  if (hasHead) {
    const message = `The provider ${provider} broke off in the middle of its answer.`;
    return new ProviderFailure("provider_protocol", message, text, error);
  }
  if (code.startsWith("HPE_") || (error instanceof Error && error.name === "HTTPParserError")) {
    return new ProviderFailure("provider_protocol", `The provider ${provider} does not speak HTTP.`, text, error);
  }
  return new ProviderFailure("provider_unavailable", `The provider ${provider} cannot be reached.`, text, error);
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code ?? "") : "";
}
