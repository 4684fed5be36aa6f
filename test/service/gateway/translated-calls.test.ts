import { expect, test } from "vitest";
import { CALLER } from "../../callers/gateway-client.ts";
import { errorInfoOf } from "../../callers/told.ts";
import { providerOfKind } from "../../neighbours/kind-facts.ts";
import { ANTHROPIC, endpointOf, vendorUrl } from "../../neighbours/vendor-endpoints.ts";
import { startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

test("a translated call reaches no address that is not allowed, and follows no redirect", async () => {
  const local = (url: string) => ({
    kind: "anthropic",
    apiKey: "the-key",
    baseUrl: vendorUrl("anthropic", url).replace("127.0.0.1", "localhost"),
    allowAddresses: [],
  });
  const redirecting = { ...ANTHROPIC, behaviour: { redirect: "/anthropic/v1/elsewhere" } };
  await using run = await startGatewayRun({ endpoints: { local: { provider: local }, redirecting } });
  for (const stream of [false, true]) {
    const refused = await run.client.stream({ model: "local", stream });
    expect(errorInfoOf(refused).reason).toBe("ENDPOINT_UNAVAILABLE");
    expect(run.provider.requests).toHaveLength(stream ? 1 : 0);
    const redirected = await run.client.stream({ model: "redirecting", stream });
    expect(errorInfoOf(redirected).reason).toBe("PROVIDER_PROTOCOL");
    expect(redirected.error?.details).toContain("a redirect, which is not followed");
  }
  expect(run.provider.requests.map(({ path }) => path)).toEqual(Array(2).fill("/anthropic/v1/messages"));
});

/** Where each kind that is always translated looks for its key. */
const KEYS = [
  ["anthropic", "x-api-key", "the-key"],
  ["gemini", "x-goog-api-key", "the-key"],
  ["amazon-bedrock", "authorization", "Bearer the-key"],
  ["google-vertex", "x-goog-api-key", "the-key"],
  ["mistral", "authorization", "Bearer the-key"],
  ["cohere", "authorization", "Bearer the-key"],
] as const;

for (const [kind, header, value] of KEYS) {
  test(`${kind} finds our key where it looks for it, or the caller's own, and no other`, async () => {
    const ours = { provider: (url: string) => providerOfKind(kind, url) };
    const theirs = { ...ours, settings: { credentials: "caller" } };
    await using run = await startGatewayRun({ endpoints: { ours, theirs } });
    const credentials = [{ name: "authorization", value: "Bearer their-key" }];
    for (const model of ["ours", "theirs"]) {
      expect((await run.client.invoke({ model, invocation: { credentials } })).error).toBeUndefined();
    }
    const found = run.provider.requests.map(({ headers }) =>
      ["authorization", "x-api-key", "x-goog-api-key", "api-key"].flatMap((name) =>
        headers[name] === undefined ? [] : [[name, headers[name]]],
      ),
    );
    expect(found).toEqual([[[header, value]], [[header, value.replace("the-key", "their-key")]]]);
  });
}

test("Bedrock's requests are signed with access keys", async () => {
  const keys = { apiKey: undefined, accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a-secret", sessionToken: "a-token" };
  await using run = await startGatewayRun({
    endpoints: { signed: endpointOf("amazon-bedrock", { region: "eu-west-1", ...keys }) },
  });
  expect((await run.client.invoke({ model: "signed" })).error).toBeUndefined();
  const { headers } = run.provider.requests[0] ?? {};
  expect(headers?.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/bedrock\//);
  expect(headers?.["x-amz-security-token"]).toBe("a-token");
});

test("a provider that propagates is sent the context of the attempt", async () => {
  await using run = await startGatewayRun({ endpoints: { claude: endpointOf("anthropic", { propagate: true }) } });
  const told = await run.client.invoke({ model: "claude", headers: [CALLER.header] });
  const { record } = await recordOfCall(run, told);
  const spanId = record.mirror?.spans[1]?.spanId.toString("hex");
  expect(run.provider.requests[0]?.headers["traceparent"]).toBe(`00-${CALLER.traceId}-${spanId}-01`);
});
