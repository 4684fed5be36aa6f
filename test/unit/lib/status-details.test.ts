import { Metadata, type ServiceError as RpcError, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { rpcFailureOf, serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import { ERROR_KINDS, isErrorKind, meaningOf, ServiceError } from "#lib/service-error.ts";
import { ErrorInfo } from "#proto/google/rpc/error_details.ts";
import { Status } from "#proto/google/rpc/status.ts";

const kinds = fc.constantFrom(...Object.keys(ERROR_KINDS).filter(isErrorKind));

function rpcErrorOf(code: number, details: string, metadata = new Metadata()): RpcError {
  return Object.assign(new Error(details), { code, details, metadata });
}

test("what goes over the wire comes back the same: kind, message, field, metadata, when to retry", () => {
  const options = fc.record(
    {
      metadata: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string(), { maxKeys: 3, noNullPrototype: true }),
      field: fc.string({ minLength: 1 }),
      retryAfterMs: fc.nat(100_000),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(kinds, fc.string({ unit: "grapheme" }), options, (kind, message, said) => {
      const failure = rpcFailureOf(new ServiceError(kind, message, said));
      expect(failure.code).toBe(meaningOf(kind).grpc);
      const back = serviceErrorOfRpc(rpcErrorOf(failure.code, failure.details, failure.metadata), "the gateway");
      expect(back).toMatchObject({ kind, message, metadata: said.metadata ?? {} });
      expect(back.field).toBe(said.field);
      expect(back.retryAfterMs).toBe(said.retryAfterMs);
    }),
  );
});

test("trailers travel with a failure, and are not changed by it", () => {
  const trailers = new Metadata();
  trailers.set("x-twinspan-trace-id", "tr-1");
  const failure = rpcFailureOf(new ServiceError("not_found", "There is none."), trailers);
  expect(failure.metadata.get("x-twinspan-trace-id")).toEqual(["tr-1"]);
  expect(Object.keys(trailers.getMap())).toEqual(["x-twinspan-trace-id"]);
});

test("details that are not ours, or not details at all, are passed over", () => {
  const foreign = ErrorInfo.encode({ reason: "NOT_FOUND", domain: "elsewhere", metadata: {} }).finish();
  const typeUrl = "type.googleapis.com/google.rpc.ErrorInfo";
  const encoded = Status.encode({ code: 5, message: "", details: [{ typeUrl, value: Buffer.from(foreign) }] }).finish();
  const garbled = { typeUrl, value: Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]) };
  const nested = Status.encode({ code: 5, message: "", details: [garbled] }).finish();
  const bytes = fc.oneof(
    fc.constant(encoded),
    fc.constant(nested),
    fc.uint8Array({ minLength: 1, maxLength: 60 }).filter((some) => !Buffer.from(some).includes("twinspan")),
  );
  fc.assert(
    fc.property(bytes, (details) => {
      const metadata = new Metadata();
      metadata.set("grpc-status-details-bin", Buffer.from(details));
      expect(serviceErrorOfRpc(rpcErrorOf(status.UNAVAILABLE, "", metadata), "the gateway").kind).toBe("unavailable");
    }),
  );
});

test.each([
  [status.CANCELLED, "", "cancelled"],
  [status.DEADLINE_EXCEEDED, "", "deadline_exceeded"],
  [status.UNAVAILABLE, "", "unavailable"],
  [status.RESOURCE_EXHAUSTED, "Received message larger than max (9 vs. 4)", "request_too_large"],
  [status.RESOURCE_EXHAUSTED, "too many requests", "overloaded"],
  [status.UNIMPLEMENTED, "", "internal"],
])("a bare code %i %j is %s", (code, details, kind) => {
  expect(serviceErrorOfRpc(rpcErrorOf(code, details), "the gateway").kind).toBe(kind);
});
