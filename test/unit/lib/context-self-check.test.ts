import { expect, test } from "vitest";
import { checkContextTravels } from "#lib/rpc/context-self-check.ts";

test("the caller's context travels through a gRPC call by itself", async () => {
  await expect(checkContextTravels()).resolves.toBeUndefined();
});
