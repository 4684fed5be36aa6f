import { expect, test } from "vitest";
import { openAiErrorOf } from "#lib/errors/openai-error.ts";
import { ERROR_KINDS, isErrorKind, meaningOf, ServiceError } from "#lib/service-error.ts";

const KINDS = Object.keys(ERROR_KINDS).filter(isErrorKind);

test.each(KINDS)("%s has all four members, and a type that fits its status", (kind) => {
  const { error } = openAiErrorOf(new ServiceError(kind, "What.", { cause: new Error("secret") }));
  expect(error).toEqual({ message: "What.", type: error.type, param: null, code: error.code });
  expect(error.code).toMatch(/^[a-z_]+$/);
  expect(error.type === "server_error").toBe(meaningOf(kind).http >= 499);
  expect(JSON.stringify(error)).not.toContain("secret");
});

test("the field at fault is the param", () => {
  expect(openAiErrorOf(new ServiceError("not_found", "No.", { field: "model" })).error).toMatchObject({
    param: "model",
    code: "model_not_found",
  });
});
