import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keyFor } from "../system/keyed-services.ts";
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

test("with keys on, `up` shows the same to who has one in TWINSPAN_KEY", { timeout: TIMEOUT_MS }, async () => {
  await using place = await createPlace();
  const { key, line } = keyFor("me", ["invoke", "write-traces", "read-payloads", "record"]);
  const file = join(place.directory, "twinspan.yaml");
  const yaml = (await readFile(file, "utf8")).replace("\ngateway:\n", "$&  traceWriterKey: ${TWINSPAN_KEY}\n");
  await writeFile(file, `${yaml}\nauth: ${JSON.stringify({ keys: [line] })}\n`);
  const { status, output } = await runCliIn(place, ["up", "--once"], { TWINSPAN_KEY: key });
  expect(status, output).toBe(0);
  expect(output).toContain("in   user: What is a twin span?");
  expect(output).toContain('-H "x-twinspan-key: $TWINSPAN_KEY"');
  expect(output).not.toContain(key);
});

const TOLD = "demo answers this";
const MESSAGES = [{ role: "user", content: TOLD }];
const CONTENTS = [{ role: "user", parts: [{ text: TOLD }] }];
const CALLS: readonly (readonly [path: string, body: object, answer: string])[] = [
  ["/v1/chat/completions", { model: "demo", messages: MESSAGES }, TOLD],
  ["/v1/responses", { model: "demo", input: TOLD }, TOLD],
  ["/v1/responses/compact", { model: "demo", input: TOLD }, "compaction"],
  ["/v1/embeddings", { model: "demo", input: TOLD }, "embedding"],
  ["/anthropic/v1/messages", { model: "demo", max_tokens: 99, messages: MESSAGES }, TOLD],
  ["/anthropic/v1/messages/count_tokens", { model: "demo", messages: MESSAGES }, "input_tokens"],
  ["/gemini/v1beta/models/demo:generateContent", { contents: CONTENTS }, TOLD],
  ["/gemini/v1beta/models/demo:streamGenerateContent?alt=sse", { contents: CONTENTS }, "answers"],
  ["/gemini/v1beta/models/demo:embedContent", { content: CONTENTS[0] }, "values"],
  ["/gemini/v1beta/models/demo:countTokens", { contents: CONTENTS }, "totalTokens"],
  ["/gateway/mlflow/v1/chat/completions", { model: "demo", messages: MESSAGES }, TOLD],
  ["/gateway/demo/mlflow/invocations", { messages: MESSAGES }, TOLD],
  ["/gateway/proxy/demo/chat/completions", { model: "echo-1", messages: MESSAGES }, TOLD],
];

test("the endpoint demo answers in every dialect", { timeout: TIMEOUT_MS }, async () => {
  await using place = await createPlace();
  await using cli = startCli(place, ["up"]);
  await cli.wrote("Ctrl-C stops everything");
  for (const [path, body, answer] of CALLS) {
    const response = await fetch(`http://127.0.0.1:${place.ports.ingress}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect([path, response.status]).toEqual([path, 200]);
    expect(await response.text(), path).toContain(answer);
  }
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
