import type { Extras } from "./extras.ts";
import type { Fields } from "./fields.ts";
import { given } from "./given.ts";

/** What a request of OpenAI's asks besides: for whom, and that tools are called one at a time. */
export function openAiExtrasOf(request: Fields): Extras {
  const user = request.text("user");
  const safetyId = request.text("safety_identifier");
  const field = safetyId === undefined ? "user" : "safety_identifier";
  const value = safetyId ?? user;
  const isSingle = request.flag("parallel_tool_calls") === false;
  return {
    ...given("userId", value === undefined ? undefined : ({ field, value, isWish: true } as const)),
    ...given("singleToolCall", isSingle ? ({ field: "parallel_tool_calls", value: true } as const) : undefined),
  };
}
