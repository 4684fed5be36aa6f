import { test, vi } from "vitest";
import { checkContextTravels } from "#lib/rpc/context-self-check.ts";

test("a proxy in the environment is for the web, not for the hops between services", async () => {
  vi.stubEnv("http_proxy", "http://127.0.0.1:9");
  vi.stubEnv("no_proxy", "");
  await checkContextTravels();
}, 5_000);
