import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { expect, test } from "vitest";
import { PROVIDER_KINDS } from "#lib/config/sections/provider.ts";
import { PACKAGES } from "../../../services/gateway/translation/packages.ts";
import { errorInfoOf } from "../../callers/told.ts";
import { startGatewayRun } from "../../system/start-gateway.ts";

test("a provider whose package is not installed says how to install it, and another model takes over", async () => {
  using _hooks = withoutPackage("@ai-sdk/cohere");
  const provider = (url: string) => ({
    kind: "cohere",
    apiKey: "the-key",
    baseUrl: `${new URL(url).origin}/cohere/v2`,
  });
  await using run = await startGatewayRun({
    endpoints: { alone: { provider }, helped: { provider, fallback: { answer: "from OpenAI" } } },
  });
  const told = await run.client.invoke({ model: "alone" });
  expect(errorInfoOf(told).reason).toBe("ENDPOINT_UNAVAILABLE");
  expect(told.error?.details).toContain(`npm install ${PACKAGES.cohere.install}`);
  expect((await run.client.invoke({ model: "helped" })).body).toContain("from OpenAI");
});

test("the packages that are asked for are those that the tests run with", () => {
  const { devDependencies, dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const kind of PROVIDER_KINDS) {
    const { install } = PACKAGES[kind];
    if (install === undefined) continue;
    const [, name = "", version] = /^(.+)@([^@]+)$/.exec(install) ?? [];
    expect(devDependencies[name], name).toBe(version);
    expect(dependencies[name], name).toBeUndefined();
  }
});

/** Until it is disposed of, a package is not found. */
function withoutPackage(name: string): Disposable {
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      return nextResolve(specifier === name ? `${name}-which-is-not-installed` : specifier, context);
    },
  });
  return { [Symbol.dispose]: () => hooks.deregister() };
}
