import assert from "node:assert/strict";
import fc from "fast-check";
import { ServiceError } from "#lib/service-error.ts";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ChatRequest } from "#proto/twinspan/inference/v1/inference_service.ts";
import { dialectOf } from "../../../services/gateway/dialects/dialects.ts";
import { chatBodyOf } from "../../../services/gateway/inference/chat-body.ts";
import { codecOf } from "../../../services/gateway/translation/codecs.ts";
import { changedJson } from "../changed-json.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { CANARY, mutated } from "../mutations.ts";
import { assertSilent, readOrRefused } from "../promises.ts";
import { ANSWERS, REQUESTS } from "./dialect-samples.ts";

const MODEL = "the-provider's-model";

/** Bodies of requests, and of whole answers, in every dialect; and the typed messages of InferenceService. */
export const REQUEST_BODIES: readonly FuzzTarget[] = [
  ...REQUESTS.map(
    ([name, dialect, samples]): FuzzTarget => ({
      name: `a request of ${name}`,
      inputs: bodies(samples),
      check: (input) => checkRequest(invocationOf(dialect, input)),
    }),
  ),
  ...ANSWERS.map(
    ([name, dialect, samples]): FuzzTarget => ({
      name: `an answer of ${name}`,
      inputs: bodies(samples),
      check(input) {
        readOrRefused(["provider_protocol"], () => supportOf(invocationOf(dialect, input)).readAnswer(input));
      },
    }),
  ),
  {
    name: "a typed chat",
    inputs: mutated([typedChat()]),
    check(input) {
      const request = decodedChat(input);
      if (request === undefined) return;
      const body = readOrRefused(["invalid_request", "untranslatable"], () =>
        chatBodyOf("demo", request.prompt, false),
      );
      if (body !== undefined) assert.equal(JSON.parse(body.toString()).model, "demo");
    },
  },
];

function bodies(samples: readonly object[]): fc.Arbitrary<Buffer> {
  const texts = samples.map((sample) => JSON.stringify(sample));
  return fc.oneof(changedJson(samples), mutated(texts, ['"model":', '"stream":true', ",", "}", "\\u0000"]));
}

/** Whatever it is, it is read; what has no fault is relayed as it is, but for its model and what is asked for besides. */
function checkRequest(invocation: Invocation): void {
  const support = supportOf(invocation);
  const request = support.readRequest(invocation);
  assertSilent(`${request.fault?.message} ${request.fault?.field}`);
  if (request.fault !== undefined) return;
  const { body, path, addsUsage } = request.relayed(MODEL, true);
  assert.ok(body.includes(MODEL) || path.includes(encodeURIComponent(MODEL)), "the provider's model is in it");
  const [asked, relayed] = [parsed(invocation.body), parsed(body)];
  if (asked === undefined) assert.equal(relayed, undefined, "what was no JSON is none");
  else assert.deepEqual(unnamed(relayed, addsUsage), unnamed(asked, addsUsage));
  if (typeof relayed === "object" && relayed !== null && "model" in relayed) {
    assert.equal(String(relayed.model).replace(/^models\//, ""), MODEL, "no other model is asked for");
  }
  const codec = codecOf(support.format);
  if (codec !== undefined) readOrRefused(["invalid_request", "untranslatable"], () => codec.decode(invocation));
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    // Whether it is JSON is for the provider to say.
    return undefined;
  }
}

/**
 * A body piece by piece, without what may differ: the models it names, in whatever depth Gemini's formats do, and the
 * usage of streams. It may be nested deeper than a function can call itself.
 */
function unnamed(body: unknown, addsUsage: boolean): readonly unknown[] {
  const pieces: unknown[] = [];
  const left = [body];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== "object" || value === null) {
      pieces.push(["value", value]);
      continue;
    }
    const members = Object.entries(value)
      .filter(([key]) => key !== "model" && !(addsUsage && key === "stream_options"))
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    pieces.push([Array.isArray(value) ? "list" : "object", members.map(([key]) => key)]);
    for (const [, member] of members) left.push(member);
  }
  return pieces;
}

function supportOf(invocation: Invocation) {
  const support = dialectOf(invocation);
  assert.ok(support !== undefined);
  return support;
}

export function invocationOf(dialect: Dialect, body: Buffer): Invocation {
  const isGemini = dialect >= Dialect.DIALECT_GEMINI_GENERATE_CONTENT && dialect <= Dialect.DIALECT_GEMINI_COUNT_TOKENS;
  return { dialect, endpoint: isGemini ? "demo" : "", body, target: undefined, headers: [], credentials: [] };
}

function typedChat(): Uint8Array {
  const user = { parts: [{ part: { $case: "text", value: CANARY } as const }] };
  const tool = { name: "weather", description: CANARY, parametersJson: '{"type":"object"}', strict: undefined };
  const prompt = {
    ...{ messages: [{ message: { $case: "user", value: user } as const }], tools: [tool] },
    ...{ toolChoice: undefined, outputFormat: undefined, sampling: undefined, reasoning: undefined },
  };
  return ChatRequest.encode({ endpoint: "demo", prompt }).finish();
}

/** Undefined: the bytes are no message, which gRPC answers before any of our code. */
function decodedChat(input: Buffer): ChatRequest | undefined {
  try {
    return ChatRequest.decode(input);
  } catch (error) {
    if (error instanceof ServiceError || !(error instanceof Error)) throw error;
    return undefined;
  }
}
