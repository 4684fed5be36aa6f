import { afterAll, beforeAll, expect, test } from "vitest";
import { keyHashOf } from "#lib/auth/api-key.ts";
import { parseConfig } from "#lib/config/load.ts";
import { type KeyedServices, keyFor, startKeyedServices } from "../../system/keyed-services.ts";
import { run } from "./run-cli.ts";

const reader = keyFor("reader", ["read-traces"]);
let services: KeyedServices;
beforeAll(async () => {
  services = await startKeyedServices({ auth: { keys: [reader.line] } });
});
afterAll(() => services[Symbol.asyncDispose]());

test("a key is printed once, alone on standard output, with a line that the configuration takes and that does not hold it", async () => {
  const asked = ["--name", "agents", "--role", "invoke", "--role", "write-traces", "--endpoint", "demo"];
  const { status, out, err } = await run(["key", "new", ...asked, "--expires-in", "90"]);
  expect(status).toBe(0);
  expect(out).toMatch(/^twinspan_[0-9A-Za-z]{49}\n$/);
  const key = out.trim();
  expect(err).not.toContain(key);
  const line = /^ {2}- \{.*\}$/m.exec(err)?.[0] ?? "";
  const { auth } = parseConfig(`auth:\n  keys:\n${line}\n`, "twinspan.yaml", {});
  const expires = Date.now() + 90 * 86_400_000;
  const [made] = typeof auth === "object" ? auth.keys : [];
  expect(made).toMatchObject({
    name: "agents",
    workspace: "default",
    roles: ["invoke", "write-traces"],
    endpoints: ["demo"],
    hash: keyHashOf(key),
  });
  expect(Math.abs(Date.parse(made?.expires ?? "") - expires)).toBeLessThan(60_000);
  expect((await run(["key", "new", ...asked])).out).not.toBe(out);
  expect((await run(["key", "hash"], {}, { input: out })).out).toBe(`${keyHashOf(key)}\n`);
});

test("a key without a name or a role, or with a role that is none, is not made", async () => {
  for (const wrong of [
    ["--role", "invoke"],
    ["--name", "agents"],
    ["--name", "agents", "--role", "root"],
    ["--name", "agents", "--role", "invoke", "--expires-in", "0"],
  ]) {
    const { status, out, err } = await run(["key", "new", ...wrong]);
    expect([status, out, wrong]).toEqual([1, "", wrong]);
    expect(err).toMatch(/role|name|days/);
  }
});

test("commands call with the key of --key, else of TWINSPAN_KEY, and say what is missing without one", async () => {
  const list = ["trace", "list", "--pending", "--target", services.traceWriter.address];
  const rpc = ["rpc", "twinspan.trace.v1.ExperimentService/ListExperiments", "--target", services.traceWriter.address];
  for (const command of [list, rpc]) {
    expect(await run(command, { TWINSPAN_KEY: reader.key })).toMatchObject({ status: 0 });
    expect(await run([...command, "--key", reader.key], { TWINSPAN_KEY: "twinspan_wrong" })).toMatchObject({
      status: 0,
    });
    const { status, err } = await run(command);
    expect([status, err]).toEqual([1, expect.stringContaining("No key of twinspan's came with the request")]);
  }
});
