import { expect, test } from "vitest";
import { ErrorInfo, RetryInfo } from "#proto/google/rpc/error_details.ts";
import { connectErrorOf } from "../../../console/src/api/connect-error.ts";

const detail = (type: string, bytes: Uint8Array) => ({ type, value: Buffer.from(bytes).toString("base64") });

test("the kind that the server named is kept, with its message and when to try again", () => {
  const info = ErrorInfo.encode({ reason: "RATE_LIMITED", domain: "twinspan", metadata: {} }).finish();
  const retry = RetryInfo.encode({ retryDelay: { seconds: 2n, nanos: 500_000_000 } }).finish();
  const details = [detail("google.rpc.ErrorInfo", info), detail("google.rpc.RetryInfo", retry)];
  const error = connectErrorOf({ code: "resource_exhausted", message: "slow down", details }, 429);
  expect(error).toMatchObject({ kind: "rate_limited", message: "slow down", retryAfterMs: 2500 });
});

test("a code without details has the kind that fits it", () => {
  expect(connectErrorOf({ code: "not_found", message: "no trace" }, 404)).toMatchObject({ kind: "not_found" });
  expect(connectErrorOf({ code: "made_up", message: "?" }, 500)).toMatchObject({ kind: "internal" });
});

test("details that are garbage do no harm", () => {
  const details = [{ type: "google.rpc.ErrorInfo", value: "!" }, 7, null];
  expect(connectErrorOf({ code: "unavailable", details }, 503)).toMatchObject({ kind: "unavailable" });
});

test("an answer that is none of the protocol's is told by its status", () => {
  expect(connectErrorOf(undefined, 401)).toMatchObject({ kind: "unauthenticated" });
  expect(connectErrorOf("<html>", 502)).toMatchObject({ kind: "internal" });
});
