import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createPlace, type Place, runCliIn, startCli } from "./running-system.ts";

const run = promisify(execFile);

const TIMEOUT_MS = 90_000;

/** A trace's tree, once it has as many lines as it is to have. */
async function treeOf(place: Place, traceId: string, lines: number): Promise<string> {
  const deadline = Date.now() + 15_000;
  let tree = "";
  do tree = (await runCliIn(place, ["trace", "show", traceId])).output;
  while (tree.trimEnd().split("\n").length < lines && Date.now() < deadline);
  return tree;
}

test("both examples run as their READMEs say, and their traces hold the mirror", { timeout: TIMEOUT_MS }, async () => {
  await using place = await createPlace();
  await using system = startCli(place, ["up"]);
  await system.wrote("Ctrl-C stops everything");
  const environment = {
    ...process.env,
    TWINSPAN_URL: `http://127.0.0.1:${place.ports.ingress}`,
    TWINSPAN_GATEWAY: `127.0.0.1:${place.ports.gateway}`,
    TWINSPAN_TRACE_WRITER: `127.0.0.1:${place.ports.traceWriter}`,
  };
  const runExample = (name: string) =>
    run(process.execPath, [`examples/${name}/main.ts`, "Hello there"], { env: environment });

  const agent = await runExample("agent");
  expect(agent.stdout).toContain("answer:   Hello there");
  const [agentTrace = ""] = /tr-[0-9a-f]{32}/.exec(agent.stdout) ?? [];
  expect(await treeOf(place, agentTrace, 5)).toMatch(
    /answer a question .*\n.*chat {2}openai SDK .*\n.*POST \/v1\/chat\/completions .*\n.*gateway\/demo {2}⇄ tr-.*\n.*model\/scripted\/echo-1/,
  );

  const service = await runExample("grpc-client");
  expect(service.stdout).toContain("answer:  Hello there\ntokens:  2 → 2\n");
  const [own = "", gateway = ""] = service.stdout.match(/tr-[0-9a-f]{32}/g) ?? [];
  const tree = await treeOf(place, own, 4);
  expect(tree).toMatch(
    /serve a request .*\n.*InferenceService\/Chat .*\n.*gateway\/demo {2}⇄ tr-.*\n.*model\/scripted\/echo-1/,
  );
  expect(tree).toContain(`⇄ ${gateway}`);
  expect(await treeOf(place, gateway, 4)).toContain("user: Hello there");

  for (const name of ["agent", "grpc-client"]) {
    const env = { ...environment, TWINSPAN_ENDPOINT: "nope" };
    const refused = await run(process.execPath, [`examples/${name}/main.ts`], { env }).catch((error) => error);
    expect(refused.stderr).toMatch(/^The \w+ .*There is no endpoint "nope"\..*[^?]\n$/);
  }
});

test("an example says in a line each that nobody answers, and that nobody takes its spans", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using place = await createPlace();
  const environment = { ...process.env, TWINSPAN_URL: `http://127.0.0.1:${place.ports.ingress}` };
  const failed = await run(process.execPath, ["examples/agent/main.ts"], { env: environment }).catch((error) => error);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(
    /^The agent got no answer from .* Is twinspan running \('make up'\)\?\nThe last spans were not taken by .*\n$/,
  );
});
