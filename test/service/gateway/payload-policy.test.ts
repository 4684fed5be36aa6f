import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { segmentPath, segmentsOf } from "../../../services/gateway/outbox/segments.ts";
import { until } from "../../../tools/until.ts";
import { type Ask, CALLER, type Told } from "../../callers/gateway-client.ts";
import { type GatewayRun, type ScriptedEndpoint, startGatewayRun } from "../../system/start-gateway.ts";
import { type RecordView, recordOfCall } from "../../traces/record-view.ts";

const MAIL = "canary-5b1f@example.com";
const SECRET = "canary-5b1f";
const payload = (options: object): Pick<ScriptedEndpoint, "settings"> => ({ settings: { payload: options } });
const EMAIL = { redact: [{ pattern: "email" }] };
/** A request with the address in every place that it may hide in. */
const HIDING: Pick<Ask, "text" | "also"> = {
  text: `write to ${MAIL}`,
  also: {
    tools: [{ type: "function", function: { name: "mail", description: MAIL, parameters: {} } }],
    user: MAIL,
    metadata: { [MAIL]: MAIL },
    messages: [
      { role: "user", content: [{ type: "text", text: MAIL }] },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "c1", type: "function", function: { name: "mail", arguments: JSON.stringify({ to: MAIL }) } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "sent" },
      { role: "user", content: `and again to ${MAIL}` },
    ],
  },
};

async function recordAfter(run: GatewayRun, told: Promise<Told>): Promise<RecordView> {
  return recordOfCall(run, await told);
}

test("what a pattern finds is in no part of a record: not in requests, answers, streams, errors, nor in the outbox's file", async () => {
  const endpoints = {
    answers: { behaviour: { answer: `it is ${MAIL}` }, ...payload(EMAIL) },
    calls: { behaviour: { toolCall: { arguments: JSON.stringify({ to: MAIL }) } }, ...payload(EMAIL) },
    refuses: {
      behaviour: { status: 400, body: JSON.stringify({ error: { message: `no ${MAIL}` } }) },
      ...payload(EMAIL),
    },
    babbles: { behaviour: { status: 500, body: `<html>${MAIL}</html>` }, ...payload(EMAIL) },
  };
  await using run = await startGatewayRun({ endpoints });
  run.traceWriter.script = () => new ServiceError("unavailable", "Not now.");
  const asked: Told[] = [];
  for (const model of Object.keys(endpoints)) {
    for (const stream of [true, false]) {
      asked.push(await run.client.stream({ ...HIDING, model, stream, headers: [CALLER.header] }));
    }
  }
  // The caller itself gets all of it, untouched.
  expect(asked[0]?.body).toContain(SECRET);
  const { path } = run.config.gateway.outbox;
  const files = await until("the outbox has it", async () => {
    const { segments } = await segmentsOf(path);
    const bytes = segments.map((segment) => readFileSync(segmentPath(path, segment)).toString("latin1")).join("");
    return bytes.includes("and again to") && bytes;
  });
  expect(files).not.toContain(SECRET);
  run.traceWriter.script = () => "take";
  for (const told of asked) {
    const { root, attempts, record } = await recordOfCall(run, told);
    expect(JSON.parse(root.inputs).messages.at(-1).content).toBe("and again to [redacted:email]");
    expect(JSON.stringify(record, (_key, value) => (typeof value === "bigint" ? `${value}` : value))).not.toContain(
      SECRET,
    );
    const texts = [root, ...attempts]
      .flatMap(({ inputs, outputs, errorText }) => [inputs, outputs, errorText])
      .join("\n");
    expect(texts).not.toContain(SECRET);
    expect(root.outputs + attempts.map(({ errorText }) => errorText).join("")).toContain("[redacted:email]");
    expect(root.attributes["twinspan.payload.redactions"]).toBeGreaterThanOrEqual(6);
    expect(root.attributes["twinspan.payload.withheld"]).toBeUndefined();
  }
  expect((await run.metrics()).get('twinspan_payload_redactions_total{endpoint="answers"}')).toBeGreaterThan(10);
});

test("rules for all endpoints go before an endpoint's own, and paths take whole values", async () => {
  await using run = await startGatewayRun({
    redaction: { patterns: { mine: "canary-[0-9a-f]+" }, rules: [{ pattern: "mine" }] },
    endpoints: { one: payload({ redact: [{ path: "$.choices[*].message.content" }, { path: "$.user" }] }) },
  });
  const told = await run.client.invoke({ model: "one", text: `say ${SECRET}`, also: { user: { id: 1 } } });
  const { root } = await recordOfCall(run, told);
  expect(JSON.parse(root.inputs)).toMatchObject({ user: "[redacted]", messages: [{ content: "say [redacted:mine]" }] });
  expect(JSON.parse(root.outputs).choices[0].message.content).toBe("[redacted]");
});

test("each endpoint keeps what it says: a preview, a hash, nothing, or a beginning", async () => {
  await using run = await startGatewayRun({
    endpoints: {
      preview: payload({ keep: "preview", previewCharacters: 8 }),
      hash: payload({ keep: "hash" }),
      none: { behaviour: { status: 400, body: `{"error":"${SECRET}"}` }, ...payload({ keep: "none" }) },
      short: payload({ bytesMax: 1024 }),
    },
  });
  const asked = (model: string, text = `a long text with ${SECRET}`) =>
    recordAfter(run, run.client.stream({ model, text, stream: true, headers: [CALLER.header] }));
  const preview = await asked("preview");
  expect(preview.root.attributes["twinspan.payload.keep"]).toBe("preview");
  expect(JSON.parse(preview.root.inputs)).toMatchObject({ model: "preview", messages: [{ content: "a long t…" }] });
  expect(JSON.parse(preview.root.outputs).choices[0].message.content).toBe("a long t…");

  const hash = await asked("hash");
  expect(JSON.parse(hash.root.inputs)).toEqual({
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    bytes: expect.any(Number),
  });
  expect(Object.keys(JSON.parse(hash.root.outputs))).toEqual(["sha256", "bytes"]);

  const none = await asked("none");
  expect(none.record.payloads).toEqual([]);
  expect(none.root.attributes["twinspan.payload.keep"]).toBe("none");
  expect(none.attempts[0]?.errorType).toBe("provider_rejected");

  const short = await asked("short", "word ".repeat(1000));
  expect(short.record.payloads[0]?.truncated).toBe(true);
  expect(Buffer.byteLength(short.root.inputs)).toBe(1024);
  expect(JSON.parse(short.root.outputs).object).toBe("chat.completion");
});

test("payload that rules cannot be applied to is withheld, marked and counted, and the caller sees nothing of it", async () => {
  await using run = await startGatewayRun({
    redaction: { bytesMax: 2048, timeMs: 250, patterns: { bad: "^(a+)+$" } },
    endpoints: {
      large: { behaviour: { answer: "short" }, ...payload(EMAIL) },
      slow: payload({ redact: [{ pattern: "bad" }] }),
      cut: { behaviour: { cutAfterChunks: 1, answer: MAIL }, ...payload(EMAIL) },
      places: {
        behaviour: { status: 500, body: `<html>${SECRET}</html>` },
        ...payload({ redact: [{ path: "$.error" }] }),
      },
    },
  });
  const withheld = async (ask: Ask) => {
    const told = await run.client.invoke(ask);
    const { root, attempts, record } = await recordOfCall(run, told);
    const marks = [root, ...attempts].map(({ attributes }) => attributes["twinspan.payload.withheld"]);
    return { told, root, record, marks };
  };
  const large = await withheld({ model: "large", text: "word ".repeat(1000) });
  expect(large.marks).toEqual([["inputs:too_large"], undefined]);
  expect([large.root.inputs, large.told.error]).toEqual(["", undefined]);
  expect(JSON.parse(large.root.outputs).choices[0].message.content).toBe("short");

  const slow = await withheld({ model: "slow", text: `${"a".repeat(60)}!` });
  expect(slow.marks).toEqual([["inputs:too_slow", "outputs:too_slow"], undefined]);
  expect([slow.record.payloads, slow.told.head?.status]).toEqual([[], 200]);

  const cut = await withheld({ model: "cut", text: "hello" });
  expect(cut.marks[0]).toEqual(["outputs:truncated"]);
  expect(cut.root.inputs).toContain("hello");

  const places = await withheld({ model: "places", text: "hello" });
  expect(places.marks).toEqual([undefined, ["error_text:not_json"]]);
  // Our own words quote nothing, so that no rule need be applied to them.
  const own = await withheld({ model: "places", body: '{"model":"places","stream":"yes"}' });
  expect(own.marks).toEqual([undefined]);
  expect(own.root.errorText).toContain("`stream` must be true or false");
  const metrics = await run.metrics();
  const counted = (endpoint: string, reason: string) =>
    metrics.get(`twinspan_payloads_withheld_total{endpoint="${endpoint}",reason="${reason}"}`);
  expect([counted("large", "too_large"), counted("slow", "too_slow"), counted("cut", "truncated")]).toEqual([1, 2, 1]);
  expect(run.logged.join("")).not.toContain(SECRET);
});

test("a request that is translated for its provider is kept under the same rules, or not at all", async () => {
  const provider = (baseUrl: string) => ({
    kind: "anthropic",
    apiKey: "the-key",
    baseUrl: baseUrl.replace(/\/v1$/, "/anthropic/v1"),
  });
  await using run = await startGatewayRun({
    endpoints: {
      patterns: { provider, ...payload(EMAIL) },
      places: { provider, ...payload({ redact: [{ path: "$.messages[*].content" }] }) },
    },
  });
  const asked = async (model: string) =>
    recordOfCall(run, await run.client.invoke({ model, text: `write to ${MAIL}`, also: { max_tokens: 100 } }));
  const byPattern = await asked("patterns");
  expect(byPattern.attempts[0]?.inputs).toContain("write to [redacted:email]");
  expect(byPattern.attempts[0]?.attributes["twinspan.payload.redactions"]).toBe(1);
  const byPlace = await asked("places");
  expect(byPlace.root.inputs).toContain('"content":"[redacted]"');
  expect(byPlace.attempts[0]?.inputs).toBe("");
  expect(byPlace.attempts[0]?.attributes["twinspan.payload.withheld"]).toEqual(["inputs:other_format"]);
});

test("an endpoint without rules keeps a request and an answer to the byte", async () => {
  await using run = await startGatewayRun({ endpoints: { plain: {} } });
  const body = '{ "model" : "plain", "messages":[{"role":"user","content":"\\u0068i"}], "n":1.0 }';
  const told = await run.client.invoke({ model: "plain", body });
  const { root } = await recordOfCall(run, told);
  expect([root.inputs, root.outputs]).toEqual([body, told.body]);
});
