import type { Fault } from "../wire-format.ts";

const TYPES: ReadonlyMap<number, string> = new Map([
  [400, "ValidationException"],
  [403, "AccessDeniedException"],
  [404, "ResourceNotFoundException"],
  [408, "ModelTimeoutException"],
  [424, "ModelErrorException"],
  [429, "ThrottlingException"],
  [500, "InternalServerException"],
  [503, "ServiceUnavailableException"],
]);

/** The body of an error of AWS's. */
export function bedrockErrorOf({ message }: Fault): string {
  return JSON.stringify({ message });
}

/** The header of an error of AWS's that says its type. */
export function bedrockErrorHeadersOf({ status }: Fault): Readonly<Record<string, string>> {
  return { "x-amzn-errortype": TYPES.get(status) ?? "UnknownException" };
}
