import { Agent, fetch as fetchWith } from "undici";
import { expect, test } from "vitest";
import type { Behaviour } from "../../examples/scripted-provider/behaviour.ts";
import { startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import type { VendorName } from "../../examples/scripted-provider/vendors.ts";
import { until } from "../../tools/until.ts";
import { SELF_SIGNED } from "../certificates/self-signed.ts";

// What goes wrong goes wrong in the same way in every format that streams.

interface Format {
  readonly vendor: VendorName;
  readonly path: (model: string) => string;
  readonly body: (model: string) => object;
  /** Where one events ends and the next begins. */
  readonly divider: string;
}

const QUESTION = "what is a twin span?";
const messages = [{ role: "user", content: QUESTION }];
const contents = [{ role: "user", parts: [{ text: QUESTION }] }];

const FORMATS: Readonly<Record<string, Format>> = {
  "openai chat": {
    vendor: "openai",
    path: () => "/chat/completions",
    body: (model) => ({ model, messages, stream: true }),
    divider: "\n\n",
  },
  "openai responses": {
    vendor: "openai",
    path: () => "/responses",
    body: (model) => ({ model, input: QUESTION, stream: true }),
    divider: "\n\n",
  },
  "anthropic messages": {
    vendor: "anthropic",
    path: () => "/messages",
    body: (model) => ({ model, max_tokens: 100, messages, stream: true }),
    divider: "\n\n",
  },
  "gemini events": {
    vendor: "gemini",
    path: (model) => `/models/${model}:streamGenerateContent?alt=sse`,
    body: () => ({ contents }),
    divider: "\r\n\r\n",
  },
  "gemini array": {
    vendor: "gemini",
    path: (model) => `/models/${model}:streamGenerateContent`,
    body: () => ({ contents }),
    divider: "\n,\r\n",
  },
  "bedrock converse": {
    vendor: "amazon-bedrock",
    path: (model) => `/model/${model}/converse-stream`,
    body: () => ({ messages: [{ role: "user", content: [{ text: QUESTION }] }] }),
    divider: ":event-type",
  },
  "cohere chat": {
    vendor: "cohere",
    path: () => "/chat",
    body: (model) => ({ model, messages, stream: true }),
    divider: "\n\n",
  },
  "ollama chat": {
    vendor: "ollama-native",
    path: () => "/chat",
    body: (model) => ({ model, messages }),
    divider: "\n",
  },
};

const names = Object.keys(FORMATS);

async function start(name: string, behaviours: Readonly<Record<string, Behaviour>> = {}) {
  const provider = await startScriptedProvider({ listen: "127.0.0.1:0", behaviours });
  const format = FORMATS[name];
  if (format === undefined) throw new Error(`no format: ${name}`);
  const ask = (model: string) =>
    fetch(`${provider.at(format.vendor)}${format.path(model)}`, {
      method: "POST",
      redirect: "manual",
      body: JSON.stringify(format.body(model)),
    });
  return { provider, format, ask, [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose]() };
}

/** All that came before a stream broke. */
async function readUntilCut(response: Response): Promise<{ readonly text: string; readonly broken: boolean }> {
  const decoder = new TextDecoder("latin1");
  let text = "";
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk);
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
}

test.each(names)("%s: cut after three events, these and no more have come", async (name) => {
  await using run = await start(name);
  const whole = await readUntilCut(await run.ask("echo-1"));
  const cut = await readUntilCut(await run.ask("cut-after-3"));
  const reset = await readUntilCut(await run.ask("reset-after-3"));
  expect(whole.broken).toBe(false);
  for (const { text, broken } of [cut, reset]) {
    expect(broken).toBe(true);
    const events = text.split(run.format.divider).filter((event) => event !== "");
    // In AWS's framing the divider is in the event, and the first is preceded by its lengths.
    expect(events).toHaveLength(run.format.vendor === "amazon-bedrock" ? 4 : 3);
  }
  expect(cut.text.length).toBeLessThan(whole.text.length);
});

test.each(names)("%s: cut in the middle of an event, half of it has come", async (name) => {
  await using run = await start(name);
  const cut = await readUntilCut(await run.ask("cut-after-3"));
  const half = await readUntilCut(await run.ask("half-event-3"));
  expect(half.broken).toBe(true);
  expect(half.text.length).toBeGreaterThan(cut.text.length + 5);
  expect(half.text.endsWith(run.format.divider)).toBe(false);
});

test.each(names)("%s: silent after three events, until the client hangs up", async (name) => {
  await using run = await start(name);
  const response = await run.ask("stall-after-3");
  await response.body?.cancel();
  await until("the request has ended", () => run.provider.requests[0]?.ended);
  expect(run.provider.requests[0]?.aborted).toBe(true);
});

test.each(names)("%s: says when to try again, in seconds and as a date", async (name) => {
  await using run = await start(name);
  const seconds = await run.ask("retry-after-7");
  expect(seconds.status).toBe(429);
  expect(seconds.headers.get("retry-after")).toBe("7");
  const date = await run.ask("retry-after-date-60");
  const inMs = Date.parse(date.headers.get("retry-after") ?? "") - Date.now();
  expect(inMs).toBeGreaterThan(50_000);
  expect(inMs).toBeLessThanOrEqual(60_000);
});

test.each(names)("%s: fails twice, then is well", async (name) => {
  await using run = await start(name);
  const statuses: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) statuses.push((await run.ask("recovers-after-2")).status);
  expect(statuses).toEqual([500, 500, 200]);
});

test.each(names)("%s: says that it is what it is not, redirects, and talks nonsense", async (name) => {
  await using run = await start(name);
  const wrong = await run.ask("wrong-type-1");
  expect(wrong.status).toBe(200);
  expect(wrong.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const moved = await run.ask("redirect-1");
  expect(moved.status).toBe(307);
  expect(moved.headers.get("location")).toBe("/redirected");
  const garbage = await readUntilCut(await run.ask("garbage-1"));
  expect(garbage.text).toContain("nonsense");
});

test.each(names)("%s: answers with ten megabytes", async (name) => {
  await using run = await start(name);
  const { text, broken } = await readUntilCut(await run.ask("bytes-10485760"));
  expect(broken).toBe(false);
  expect(text.length).toBeGreaterThan(10 * 1024 * 1024);
});

test.each(names)("%s: closes, or resets, before it says anything", async (name) => {
  await using run = await start(name);
  await expect(run.ask("cut-before-head")).rejects.toThrow();
  await expect(run.ask("reset-before-head")).rejects.toThrow();
});

test.each(names)("%s: a body of anybody's own, and headers", async (name) => {
  await using run = await start(name, { own: { status: 418, body: "a teapot", headers: { "x-tea": "green" } } });
  const answer = await run.ask("own");
  expect(answer.status).toBe(418);
  expect(answer.headers.get("x-tea")).toBe("green");
  expect(await answer.text()).toBe("a teapot");
});

test("what nobody serves is not found, in the words of whoever is asked", async () => {
  await using provider = await startScriptedProvider({ listen: "127.0.0.1:0" });
  const errorAt = async (vendor: VendorName) => {
    const response = await fetch(`${provider.at(vendor)}/nothing`, { method: "POST", body: "{}" });
    expect(response.status).toBe(404);
    return response.json();
  };
  const message = expect.stringContaining("There is no POST");
  expect(await errorAt("openai")).toMatchObject({ error: { message, type: "invalid_request_error" } });
  expect(await errorAt("anthropic")).toMatchObject({ type: "error", error: { type: "not_found_error", message } });
  expect(await errorAt("gemini")).toMatchObject({ error: { code: 404, status: "NOT_FOUND", message } });
  expect(await errorAt("amazon-bedrock")).toEqual({ message });
  expect(await errorAt("mistral")).toMatchObject({ object: "error", message });
  expect(await errorAt("ollama-native")).toEqual({ error: message });
});

test("over TLS, it is trusted by those who trust its certificate, and by nobody else", async () => {
  await using provider = await startScriptedProvider({ listen: "127.0.0.1:0", tls: SELF_SIGNED });
  const url = `${provider.at("openai")}/models`;
  expect(url).toMatch(/^https:/);
  await expect(fetch(url)).rejects.toMatchObject({ cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
  const trusting = new Agent({ connect: { ca: SELF_SIGNED.cert } });
  const answer = await fetchWith(url, { dispatcher: trusting });
  expect(await answer.json()).toMatchObject({ object: "list" });
  await trusting.close();
});
