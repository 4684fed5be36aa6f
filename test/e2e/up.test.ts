import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createPlace, runCliIn, startCli } from "./running-system.ts";

const TIMEOUT_MS = 90_000;

test("`up` shows an agent's trace and the gateway's, each linked to the other, and ends well", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using place = await createPlace();
  const { status, output } = await runCliIn(place, ["up", "--once"]);
  expect(status, output).toBe(0);
  const lines = output.split("\n");
  const at = (text: string) => lines.findIndex((line) => line.includes(text));
  const [agentId = "none"] = /tr-[0-9a-f]{32}/.exec(lines[at("answer a question")] ?? "") ?? [];
  const mirror = lines[at("└─ gateway/demo")] ?? "";
  const [fullId = "none"] = /(?<=⇄ )tr-[0-9a-f]{32}/.exec(mirror) ?? [];
  expect(output).toContain(`${fullId}  gateway/demo  ⇄ ${agentId}`);
  expect(mirror).toContain("5 → 5 tokens   $0.0000");
  // The agent's own spans lead to the mirror, and only the full trace shows what was said.
  expect([
    at("answer a question"),
    at("chat  openai SDK"),
    at("POST /v1/chat/completions"),
    at("└─ gateway/demo"),
  ]).toEqual([0, 1, 2, 3].map((line) => line + at("answer a question")));
  expect(output.split("What is a twin span?")).toHaveLength(1 + 2);
  expect(at("in   user: What is a twin span?")).toBeGreaterThan(at("with the payload"));
  expect(output).toContain("demo, flaky, openai (needs OPENAI_API_KEY)");
  expect(await readFile(join(place.directory, "var/log/gateway.log"), "utf8")).not.toContain("What is a twin span?");
});

test("run twice, it says so; Ctrl-C stops everything, with status 0", { timeout: TIMEOUT_MS }, async () => {
  await using place = await createPlace();
  await using first = startCli(place, ["up"]);
  await first.wrote("Ctrl-C stops everything");
  const second = await runCliIn(place, ["up"]);
  expect(second.status).toBe(1);
  expect(second.output).toMatch(/^twinspan: twinspan runs already .*\n$/);

  first.process.kill("SIGINT");
  expect(await first.ended()).toBe(0);
  expect(first.output()).toMatch(/stopped\n$/);
  for (const port of Object.values(place.ports)) await expectFree(port);
});

test("a service that dies takes the rest along, and its last words are shown", { timeout: TIMEOUT_MS }, async () => {
  await using place = await createPlace();
  await using cli = startCli(place, ["up"]);
  await cli.wrote("Ctrl-C stops everything");
  const children = await readFile(`/proc/${cli.process.pid}/task/${cli.process.pid}/children`, "utf8");
  const gateway = await findProcess(children.trim().split(" "), "services/gateway/main.ts");
  process.kill(gateway, "SIGKILL");
  expect(await cli.ended()).toBe(1);
  expect(cli.output()).toContain("twinspan: gateway ended (SIGKILL). Its last lines, from");
  for (const port of Object.values(place.ports)) await expectFree(port);
});

test("a port that is taken is one line that names it and its setting", { timeout: TIMEOUT_MS }, async () => {
  await using place = await createPlace();
  const taker = createServer().listen(place.ports.gateway, "127.0.0.1");
  await once(taker, "listening");
  const { status, output } = await runCliIn(place, ["up"]);
  taker.close();
  expect(status).toBe(1);
  expect(output).toMatch(
    /^twinspan: 127\.0\.0\.1:\d+ is taken by another process\. .*gateway\.listen in twinspan\.yaml\.\n$/,
  );
});

async function expectFree(port: number): Promise<void> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  await once(server.close(), "close");
}

async function findProcess(pids: readonly string[], argument: string): Promise<number> {
  for (const pid of pids) {
    if ((await readFile(`/proc/${pid}/cmdline`, "utf8")).includes(argument)) return Number(pid);
  }
  throw new Error(`none of ${pids.join(", ")} runs ${argument}`);
}
