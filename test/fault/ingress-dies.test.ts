import { expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { startStack } from "../system/stack.ts";
import { expectTwins } from "../traces/twins.ts";

test("kill -9 of the ingress in the middle of a stream cancels the provider's call, and the twins say so", async () => {
  await using stack = await startStack({ models: ["echo-1", "stall-after-4"] });
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent };
  const killed = Promise.withResolvers<void>();
  const answer = await chat(stack.url, {
    model: "stall-after-4",
    stream: true,
    headers,
    hangUp(events) {
      if (events === 4) void stack.ingress.kill().then(killed.resolve);
      return false;
    },
  });
  expect(answer).toMatchObject({ status: 200, isComplete: false });
  await until("the provider's call is aborted", () => stack.provider.requests[0]?.aborted === true);
  await killed.promise;

  await stack.ingress.start();
  const expected = { endpoint: "stall-after-4", errorType: "cancelled" };
  const { full } = await expectTwins(stack, answer.traceName, caller, expected);
  expect(JSON.parse(full.outputs ?? "")).toMatchObject({ choices: [{ message: { content: "one two three " } }] });
  const next = newCaller();
  const again = await chat(stack.url, { model: "echo-1", headers: { traceparent: next.traceparent } });
  await expectTwins(stack, again.traceName, next, { endpoint: "echo-1" });
});
