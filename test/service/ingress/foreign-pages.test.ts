import { afterAll, beforeAll, expect, test } from "vitest";
import { keyFor } from "../../system/keyed-services.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";
import { sendRaw } from "./raw-http.ts";

/*
 * Where keys are off nothing says who asks, and so a browser would act for every page that somebody has open. A page
 * can make a browser send what no other origin needs to be asked for: GET, and POST of text. What it reads it needs
 * leave for.
 */

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun();
});
afterAll(() => run[Symbol.asyncDispose]());

const DELETION = JSON.stringify({ experiment_id: "0", request_ids: [`tr-${"1".repeat(32)}`] });
const DELETE = "/api/3.0/mlflow/traces/delete-traces";

async function statusOf(method: string, path: string, headers: readonly string[], body = ""): Promise<number> {
  const own = headers.some((line) => line.startsWith("host:")) ? [] : [`host: ${new URL(run.ingress.url).host}`];
  const length = body === "" ? [] : [`content-length: ${Buffer.byteLength(body)}`, "content-type: text/plain"];
  const answer = await sendRaw(run.ingress.url, [`${method} ${path} HTTP/1.1`, ...own, ...length, ...headers], body);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}

test.each([
  "origin: https://evil.example",
  "origin: http://127.0.0.1.evil.example",
  "origin: null",
  "origin: nonsense",
])("another site's page changes nothing (%s)", async (origin) => {
  for (const path of [DELETE, "/gateway/proxy/demo/chat/completions", "/sign-out"]) {
    expect([path, await statusOf("POST", path, [origin], DELETION)]).toEqual([path, 403]);
  }
  const withKey = `${DELETE}?key=${keyFor("anybody", ["admin"]).key}`;
  expect(await statusOf("POST", withKey, [origin], DELETION)).toBe(403);
  expect(await statusOf("GET", "/gateway/proxy/demo/models", ["sec-fetch-site: cross-site"])).toBe(403);
  expect(run.gateway.calls).toHaveLength(0);
});

test("programs, the console's own pages and pages of this machine go on as before", async () => {
  const own = new URL(run.ingress.url).origin;
  for (const headers of [[], [`origin: ${own}`], ["origin: http://localhost:3000"], ["origin: http://app.localhost"]]) {
    expect([headers, await statusOf("POST", DELETE, headers, DELETION)]).not.toEqual([headers, 403]);
  }
  expect(await statusOf("GET", "/v1/models", ["host: llm.example.com", "user-agent: OpenAI/JS 6"])).toBe(200);
});

test("a browser that asks under somebody's name gets nothing: the name may lead here for that one's pages", async () => {
  const browser = "user-agent: Mozilla/5.0 (X11; Linux x86_64)";
  for (const path of ["/", "/v1/models", "/who-am-i", "/traces"]) {
    const asked = (host: string) => statusOf("GET", path, [`host: ${host}`, browser]);
    expect([path, await asked("evil.example:8080")]).toEqual([path, 403]);
    for (const host of ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "my-machine", "twinspan.localhost"]) {
      expect([path, host, await asked(host)]).not.toEqual([path, host, 403]);
    }
  }
  const rebound = ["host: evil.example", "origin: http://evil.example"];
  expect(await statusOf("POST", DELETE, rebound, DELETION)).toBe(403);
});
