import { expect, test } from "vitest";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { CALLER, type Told } from "../../callers/gateway-client.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

const CANARY = "canary-4b1d7c";

/** Everything that left the gateway for a call but its answer and its payload. */
async function besidesPayload(run: GatewayRun, told: Told): Promise<string> {
  const { record } = await recordOfCall(run, told);
  const spans = InvocationRecord.encode({ ...record, payloads: [] }).finish();
  return [
    Buffer.from(spans).toString("latin1"),
    JSON.stringify(told.metadata.toJSON()),
    JSON.stringify(told.trailers.toJSON()),
    told.error?.message ?? "",
    JSON.stringify(told.summary, (_key, value) => (typeof value === "bigint" ? String(value) : value)),
    ...run.logged,
    JSON.stringify([...(await run.metrics()).keys()]),
  ].join("\n");
}

test("what callers and providers say is in the full trace's payload, and nowhere else", async () => {
  const said = (what: string) => `${what} ${CANARY}`;
  await using run = await startGatewayRun({
    endpoints: {
      echo: { behaviour: { responseModel: said("model") } },
      tools: { behaviour: { toolCall: { name: said("tool"), arguments: JSON.stringify({ q: said("argument") }) } } },
      refuses: { behaviour: { status: 400, body: said("refusal"), headers: { "x-canary": CANARY } } },
      locked: { behaviour: { status: 403, body: said("locked") } },
      garbage: { behaviour: { body: said("garbage") } },
      cut: { behaviour: { cutAfterChunks: 3, answer: said("cut") } },
    },
  });
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${CANARY}` } };
  const also = {
    messages: [
      { role: "user", content: [{ type: "text", text: said("prompt") }, image] },
      { role: "tool", tool_call_id: CANARY, content: said("result") },
      { role: "user", content: said("question") },
    ],
    tools: [{ type: "function", function: { name: CANARY, parameters: {} } }],
    user: CANARY,
    metadata: { note: CANARY },
  };
  for (const model of ["echo", "tools", "refuses", "locked", "garbage", "cut"]) {
    for (const stream of [true, false]) {
      const told = await run.client.stream({ model, stream, also, headers: [CALLER.header] });
      const { root, attempts } = await recordOfCall(run, told);
      expect(root.inputs).toContain(said("prompt"));
      expect(root.outputs + attempts.map(({ errorText }) => errorText).join()).not.toBe("");
      expect(await besidesPayload(run, told)).not.toContain(CANARY);
    }
  }
  const broken = `{"model":"echo","${CANARY}":"${CANARY}`;
  expect(await besidesPayload(run, await run.client.invoke({ model: "echo", body: broken }))).not.toContain(CANARY);
});
