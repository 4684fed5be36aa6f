import { readFileSync, renameSync, writeFileSync } from "node:fs";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { chat } from "../callers/chat.ts";
import { type Stack, startStack } from "../system/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ models: ["echo-1", "slow-100"] });
});
afterAll(() => stack[Symbol.asyncDispose]());

/** Edits the configuration as an editor does: another file takes its place. */
function edit(change: (text: string) => string): void {
  const beside = `${stack.configFile}.new`;
  writeFileSync(beside, change(readFileSync(stack.configFile, "utf8")));
  renameSync(beside, stack.configFile);
}

async function models(): Promise<readonly string[]> {
  const openai = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: "any" });
  return (await openai.models.list()).data.map(({ id }) => id);
}

test("a changed file is taken by itself, while calls go on", async () => {
  let events = 0;
  const slow = chat(stack.url, {
    model: "slow-100",
    stream: true,
    content: "word ".repeat(60),
    hangUp: (seen) => {
      events = seen;
      return false;
    },
  });
  await until("the slow call is under way", () => events > 0);
  edit((text) => text.replace('"name":"slow-100"', '"name":"renamed"'));
  await until("the endpoint has its other name", async () => (await models()).includes("renamed"));
  expect(await models()).toEqual(["echo-1", "renamed"]);
  const answer = await slow;
  expect([answer.status, answer.isComplete]).toEqual([200, true]);
  expect((await chat(stack.url, { model: "slow-100" })).status).toBe(404);
});

test("SIGHUP reloads the gateway, and keys and workspaces of the others", async () => {
  const reloads = () => stack.gateway.metric('twinspan_config_reloads_total{outcome="ok"}');
  const before = await reloads();
  for (const service of [stack.gateway, stack.ingress, stack.traceWriter]) service.signal("SIGHUP");
  await until("the gateway has reloaded", async () => (await reloads()) === before + 1);
  for (const service of [stack.ingress, stack.traceWriter]) {
    const told = '"rightsChanged":false,"needsRestart":[],"msg":"configuration reloaded"';
    await until(`${service.name} says so`, () => service.output.includes(told));
  }
  expect((await chat(stack.url, { model: "echo-1" })).status).toBe(200);
});

test("a file with faults is told of, and changes nothing", async () => {
  edit((text) => text.replace('"name":"echo-1"', '"name":"not a name"'));
  await until("it is told", () => stack.gateway.output.includes("configuration not reloaded"));
  expect(stack.gateway.output).toContain("endpoints[0].name: must be 1 to 128 letters");
  const readyz = await (await fetch(`${stack.gateway.opsUrl}/readyz`)).text();
  expect(readyz).toContain("the configuration has faults and is not in use");
  expect((await chat(stack.url, { model: "echo-1" })).status).toBe(200);
});
