import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "./run-cli.ts";

async function fileOf(text: string) {
  const directory = await mkdtemp(join(tmpdir(), "twinspan-check-"));
  const path = join(directory, "twinspan.yaml");
  await writeFile(path, text);
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

test("the configuration that comes with twinspan is right, with and without a key", async () => {
  expect(await run(["check", "twinspan.yaml"])).toMatchObject({ status: 0, err: "" });
  expect((await run(["check"], { OPENAI_API_KEY: "sk-1" })).out).toContain("3 endpoints (demo, flaky, openai)");
});

test("every fault is told at once, with its line and column", async () => {
  await using file = await fileOf(
    ["ingress: { listen: nowhere }", "endpoints:", "  - name: a", "    models: [{ provider: none, model: m }]"].join(
      "\n",
    ),
  );
  const { status, err } = await run(["check", file.path]);
  expect(status).toBe(1);
  expect(err).toContain(`${file.path}:1:20  ingress.listen: must be host:port`);
  expect(err).toContain(`${file.path}:4:26  endpoints[0].models[0].provider: no provider "none"`);
});

test("what is not YAML, and what is not there, is one line", async () => {
  await using file = await fileOf("endpoints: [\n");
  expect((await run(["check", file.path])).err).toMatch(/twinspan\.yaml:2:1 {2}\S.*\n$/);
  for (const unreadable of ["no-such.yaml", "."]) {
    const { status, err } = await run(["check", unreadable]);
    expect(status).toBe(1);
    expect(err).toMatch(/^twinspan: \S+ cannot be read \(E[A-Z]+\)\. [^\n]+\n$/);
  }
});

test("--print shows defaults and hides secrets", async () => {
  const { out } = await run(["check", "twinspan.yaml", "--print"], { OPENAI_API_KEY: "sk-canary" });
  expect(out).toContain("commitWaitMs: 50");
  expect(out).toContain('apiKey: "***"');
  expect(out).not.toContain("sk-canary");
  expect((await run(["check", "twinspan.yaml", "--print"])).out).toContain("apiKey: ${OPENAI_API_KEY}");
});

test("a configuration without endpoints is right, but that is told", async () => {
  await using file = await fileOf("");
  expect((await run(["check", file.path])).out).toContain("no endpoints yet");
});

test("--version is that of the package", async () => {
  const { version } = JSON.parse(await readFile("package.json", "utf8"));
  expect(await run(["--version"])).toEqual({ status: 0, out: `${version}\n`, err: "" });
});

test("an unknown command, an unknown option and no command at all say what there is", async () => {
  expect(await run(["nope"])).toMatchObject({ status: 1, err: expect.stringContaining("unknown command 'nope'") });
  expect(await run(["check", "--nope"])).toMatchObject({ status: 1 });
  expect((await run([])).out).toContain("Examples:");
  expect((await run(["help", "rpc"])).out).toContain("twinspan rpc twinspan.gateway.v1.EndpointService/ListEndpoints");
});

test("up says what to do with a configuration whose ingress speaks TLS, before it starts anything", async () => {
  await using file = await fileOf("ingress: { tls: { certFile: ingress.pem, keyFile: ingress.key } }\n");
  const { status, out, err } = await run(["--config", file.path, "up", "--once"]);
  expect([status, out]).toEqual([1, ""]);
  expect(err).toContain("Give it a file without ingress.tls (--config), or start each service by itself");
});
