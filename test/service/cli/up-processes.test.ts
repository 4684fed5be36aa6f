import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { startServiceProcess } from "../../../cli/up/service-process.ts";

const NEVER = new AbortController().signal;
const LONGER_THAN_THIS_TEST_MS = 600_000;

async function makePlace() {
  const directory = await mkdtemp(join(tmpdir(), "twinspan-process-"));
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

function optionsIn(directory: string) {
  const logFile = join(directory, "log", "some.log");
  return { name: "some", directory, environment: {}, logFile, stop: NEVER, stopNow: NEVER };
}

test("a service that does not get ready is told with what it says it lacks", async () => {
  await using place = await makePlace();
  const asked = createServer((_request, response) => {
    response.writeHead(503).end('{"status":"not ready","degraded":["the gateway is unreachable"]}');
  }).listen(0, "127.0.0.1");
  await once(asked, "listening");
  const address = asked.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const options = {
    readyUrl: `http://127.0.0.1:${port}/readyz`,
    readyMs: 500,
    command: ["-e", "setInterval(String, 9)"],
  };
  const start = startServiceProcess({ ...optionsIn(place.directory), ...options });
  await expect(start).rejects.toThrow(/^some is not ready after 0\.5 s: the gateway is unreachable\. Its log may/);
  asked.close();
});

test("once a service has ended, nothing goes on asking whether it is ready", async () => {
  await using place = await makePlace();
  const options = {
    ...optionsIn(place.directory),
    readyUrl: "http://127.0.0.1:9/readyz",
    readyMs: LONGER_THAN_THIS_TEST_MS,
    command: ["-e", "console.log('last words'); process.exit(3)"],
  };
  const program = `
    const { startServiceProcess } = await import(${JSON.stringify(pathToFileURL("cli/up/service-process.ts").href)});
    const never = new AbortController().signal;
    await startServiceProcess({ ...${JSON.stringify(options)}, stop: never, stopNow: never }).catch((error) => console.log(error.message));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [status] = await once(child, "close");
  expect({ status, output }).toEqual({
    status: 0,
    output: expect.stringMatching(/^some ended \(status 3\).*\n {2}last words\n$/),
  });
});

test("a log that cannot be written is one line that names it", async () => {
  await using place = await makePlace();
  await writeFile(join(place.directory, "log"), "a file where the directory of logs should be");
  const options = { readyUrl: "http://127.0.0.1:9/", readyMs: LONGER_THAN_THIS_TEST_MS, command: ["-e", ""] };
  const start = startServiceProcess({ ...optionsIn(place.directory), ...options });
  await expect(start).rejects.toThrow(/log\/some\.log cannot be written \(E[A-Z]+\)\. Run this/);
});
