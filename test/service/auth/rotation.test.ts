import { afterAll, beforeAll, expect, test } from "vitest";
import { GetExperimentRequest } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { sumOfMetric } from "../../../tools/metrics-text.ts";
import { until } from "../../../tools/until.ts";
import { callRaw, type KeyedServices, keyFor, startKeyedServices, untilRecorded } from "../../system/keyed-services.ts";

const agents = () => keyFor("agents", ["admin"]);
const [OLD, NEW, READER] = [agents(), agents(), keyFor("reader", ["read-traces"])];
const UNKNOWN = keyFor("unknown", ["admin"]).key;

let services: KeyedServices;
beforeAll(async () => {
  services = await startKeyedServices({
    auth: { keys: [OLD.line] },
    endpoints: [{ name: "echo", models: [{ provider: "scripted", model: "slow-20" }] }],
  });
});
afterAll(() => services[Symbol.asyncDispose]());

/** What each of the three services says to a key: whether it knows it. */
async function standingOf(key: string): Promise<readonly string[]> {
  const headers = { "x-twinspan-key": key };
  const http = await fetch(`${services.ingress.url}/who-am-i`, { headers });
  const list = "/twinspan.gateway.v1.EndpointService/ListEndpoints";
  const gateway = await callRaw(services.gateway.address, list, new Uint8Array(), headers);
  const read = "/twinspan.trace.v1.ExperimentService/ListExperiments";
  const traceWriter = await callRaw(services.traceWriter.address, read, new Uint8Array(), headers);
  return [String(http.status), gateway.status, traceWriter.status];
}

const KNOWN = ["200", "OK", "OK"];
const REFUSED = ["401", "UNAUTHENTICATED", "UNAUTHENTICATED"];

function ask(key: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${services.ingress.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({ model: "echo", stream: true, messages: [{ role: "user", content: "one two three four" }] }),
  });
}

test("a key is replaced while two are valid, expires, and is revoked by a reload of each service, in the middle of nothing", async () => {
  expect(await standingOf(NEW.key)).toEqual(REFUSED);
  services.rekey({ keys: [OLD.line, NEW.line, READER.line] });
  for (const { key } of [OLD, NEW, READER]) expect(await standingOf(key)).toEqual(KNOWN);

  // A call that has begun is not cut off with its key.
  const begun = await ask(OLD.key);
  services.rekey({ keys: [NEW.line, { ...READER.line, expires: new Date(Date.now() - 1000).toISOString() }] });
  expect(await standingOf(OLD.key)).toEqual(REFUSED);
  expect(await standingOf(READER.key)).toEqual(REFUSED);
  expect(await standingOf(NEW.key)).toEqual(KNOWN);
  expect(await begun.text()).toContain("[DONE]");
  await untilRecorded(services);
});

test("refusals are counted by reason and logged, and no key is in a log, a metric or an error", async () => {
  services.rekey({ keys: [NEW.line, { ...OLD.line, name: "expired", expires: "2020-01-01T00:00:00Z" }, READER.line] });
  const answers: string[] = [];
  for (const key of [UNKNOWN, OLD.key, READER.key, `${NEW.key}x`]) {
    answers.push(await (await ask(key)).text(), ...(await standingOf(key)));
    const asked = GetExperimentRequest.encode({ experiment: { ref: { $case: "name", value: "x" } } }).finish();
    const { details } = await callRaw(
      services.traceWriter.address,
      "/twinspan.trace.v1.TraceEditorService/DeleteTraces",
      asked,
      { authorization: `Bearer ${key}` },
    );
    answers.push(details);
  }
  await (await fetch(`${services.ingress.url}/v1/models`)).text();
  const metrics = await Promise.all(
    [
      `http://${services.gateway.opsAddress}/metrics`,
      `http://${services.traceWriter.opsAddress}/metrics`,
      `${services.ingress.url}/metrics`,
    ].map(async (url) => (await fetch(url, { headers: { "x-twinspan-key": NEW.key } })).text()),
  );
  const refused = (reason: string) => sumOfMetric(metrics.join("\n"), `twinspan_auth_refused_total{reason="${reason}"`);
  for (const reason of ["missing", "unknown", "expired", "role"]) expect(refused(reason), reason).toBeGreaterThan(0);
  await until("a refusal is logged", () => services.logged.some((line) => line.includes("a caller was refused")));
  const told = [...answers, ...metrics, ...services.logged].join("\n");
  expect(told).not.toMatch(/twinspan_[0-9A-Za-z]{40}/);
  expect(told).not.toMatch(/sha256:/);
});

test("a key sent twice, beside one for the provider, reaches no provider in any form", async () => {
  services.rekey({ keys: [NEW.line] });
  const response = await ask(NEW.key, { "x-api-key": NEW.key, "x-twinspan-key": NEW.key, "api-key": "of-the-caller" });
  await response.text();
  expect(response.status).toBe(200);
  expect(JSON.stringify(services.provider.requests)).not.toContain("twinspan_");
});
