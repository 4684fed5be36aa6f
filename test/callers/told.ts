import { expect } from "vitest";
import { BadRequest, ErrorInfo, RetryInfo } from "#proto/google/rpc/error_details.ts";
import { Status } from "#proto/google/rpc/status.ts";
import type { Told } from "./gateway-client.ts";

type Failed = Pick<Told, "error">;

/** What a failure says for programs. */
export function errorInfoOf(told: Failed): { reason: string; domain: string } {
  const { reason, domain } = ErrorInfo.decode(detailIn(told, "ErrorInfo") ?? Buffer.alloc(0));
  return { reason, domain };
}

/** The limit that a failure says is reached. Undefined: it names none. */
export function limitOf(told: Failed): string | undefined {
  return ErrorInfo.decode(detailIn(told, "ErrorInfo") ?? Buffer.alloc(0)).metadata["limit"];
}

/** When a failure says to try again, in milliseconds. Undefined: it does not. */
export function retryDelayMsOf(told: Failed): number | undefined {
  const detail = detailIn(told, "RetryInfo");
  const delay = detail && RetryInfo.decode(detail).retryDelay;
  return delay && Number(delay.seconds) * 1_000 + delay.nanos / 1e6;
}

/** The field that a failure says is at fault. Undefined: it names none. */
export function faultyFieldOf(told: Failed): string | undefined {
  const detail = detailIn(told, "BadRequest");
  return detail && BadRequest.decode(detail).fieldViolations[0]?.field;
}

/** One of a failure's details. Undefined: it has none of that name. */
function detailIn({ error }: Failed, name: string): Buffer | undefined {
  const [details] = error?.metadata.get("grpc-status-details-bin") ?? [];
  const told = Status.decode(Buffer.from(details ?? ""));
  return told.details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${name}`)?.value;
}

/** The answer names its trace: in the initial metadata, and again in the trailers, with the timings. */
export function expectNamed(told: Told): void {
  expect(told.metadata.get("x-twinspan-trace-id")[0]).toMatch(/^tr-[0-9a-f]{32}$/);
  expect(told.metadata.get("traceresponse")[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  for (const key of ["x-twinspan-trace-id", "traceresponse"]) {
    expect(told.trailers.get(key)).toEqual(told.metadata.get(key));
  }
  expect(Number(told.trailers.get("x-mlflow-gateway-duration-ms")[0])).toBeGreaterThan(0);
  expect(Number(told.trailers.get("x-mlflow-gateway-overhead-duration-ms")[0])).toBeGreaterThanOrEqual(0);
}
