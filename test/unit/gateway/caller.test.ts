import fc from "fast-check";
import { expect, test } from "vitest";
import { callerOf } from "../../../services/gateway/core/caller.ts";

function read(headers: Readonly<Record<string, string>>, host = "gateway:7001", baggage: Record<string, string> = {}) {
  return callerOf({ get: (key) => headers[key] }, host, new Map(Object.entries(baggage)));
}

test("no header makes it throw, and every text keeps the limit of its field", () => {
  const keys = [
    "x-mlflow-gateway-caller",
    "user-agent",
    "x-forwarded-user-agent",
    "x-twinspan-session-id",
    "x-twinspan-user-id",
    "x-mlflow-run-id",
    "x-forwarded-host",
    "x-mlflow-experiment-id",
    "x-twinspan-experiment",
  ];
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme", minLength: 200, maxLength: 300 }),
    fc.constantFrom("host:1", "[::1]:80", "1", "openai/1.2", "a\nb"),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), text), text, (headers, host) => {
      const { product, session, user, run, serverUrl, experiment } = read(headers, host);
      expect(product ?? "t").toMatch(/^[!-~]{1,64}$/);
      for (const told of [session, user, run, experiment?.ref?.value]) {
        expect(told ?? "t").toMatch(/^[^\p{Cc}]{1,250}$/u);
        expect((told ?? "").length).toBeLessThanOrEqual(250);
      }
      expect(serverUrl ?? "h").toMatch(/^[!-~]{1,255}$/);
    }),
    { numRuns: 300 },
  );
});

test("who calls: the told name, else the product of the user agent, the forwarded one first", () => {
  expect(read({ "user-agent": "grpc-node-js/1.14" }).product).toBe("grpc-node-js");
  expect(read({ "user-agent": "grpc-node-js/1", "x-forwarded-user-agent": "OpenAI/JS 7" }).product).toBe("OpenAI");
  expect(read({ "user-agent": "curl/8", "x-mlflow-gateway-caller": " judge " }).product).toBe("judge");
  expect(read({ "user-agent": "curl/8", "x-mlflow-gateway-caller": "two words" }).product).toBeUndefined();
  expect(read({ "x-mlflow-gateway-caller": "x".repeat(65) }).product).toBeUndefined();
});

test("headers say more than baggage", () => {
  const baggage = { "session.id": "from baggage", "user.id": "u" };
  expect(read({ "x-twinspan-session-id": "from header" }, "h", baggage)).toMatchObject({
    session: "from header",
    user: "u",
  });
  expect(read({ "x-twinspan-session-id": "x".repeat(251) }, "h", baggage).session).toBe("from baggage");
});

test("the server's address is the one the caller used, where it is one", () => {
  expect(read({}, "gateway:7001").serverUrl).toBe("gateway:7001");
  expect(read({ "x-forwarded-host": "ai.example" }, "gateway:7001").serverUrl).toBe("ai.example");
  for (const host of ["a b", "a:123456", "user@host", "a/b", `${"a".repeat(256)}`, ""]) {
    expect(read({}, host).serverUrl).toBeUndefined();
  }
});

test("an experiment is named by its id before its name, and an id is a number", () => {
  const named = { ref: { $case: "name", value: "mine" } };
  expect(read({ "x-mlflow-experiment-id": "7", "x-twinspan-experiment": "mine" }).experiment).toEqual({
    ref: { $case: "id", value: "7" },
  });
  expect(read({ "x-mlflow-experiment-id": "seven", "x-twinspan-experiment": "mine" }).experiment).toEqual(named);
  expect(read({ "x-mlflow-experiment-id": "1".repeat(20) }).experiment).toBeUndefined();
  expect(read({ "x-twinspan-experiment": "" }).experiment).toBeUndefined();
});
