import { expect } from "vitest";
import type { ChatCaller, Counts, DialectCaller, Heard, Wanted } from "../../callers/dialects/dialect-caller.ts";
import { type Kind, TELLS_NO_CACHE, TELLS_NO_ERROR, TELLS_NO_REASONING } from "../../neighbours/kind-facts.ts";
import type { GatewayRun } from "../../system/start-gateway.ts";
import type { TwinRecord } from "../../traces/twin-records.ts";

// What must have come of a call of any dialect to a provider of any kind. Its question has five words, and the provider
// says of seven more that they came from its cache.

/** What providers say of their refusals and failures. */
export const SAID = "canary-of-what-a-provider-says";
/** How many tokens came from the provider's cache, beside those of the question. */
export const CACHED = 7;

/** A call, all that came of it, and what both its twins say, which were found to say the same. */
export interface Outcome<Caller extends DialectCaller = DialectCaller> {
  readonly run: GatewayRun;
  readonly caller: Caller;
  readonly kind: Kind;
  /** Whether the provider speaks the dialect, so that it is sent the caller's bytes. */
  readonly isRelayed: boolean;
  readonly wanted: Wanted;
  readonly heard: Heard;
  readonly twins: TwinRecord;
}

type ChatOutcome = Outcome<ChatCaller>;

/** The question comes back as the answer. */
export function expectAnswer(outcome: ChatOutcome): void {
  const { heard, twins, caller, wanted } = outcome;
  expectWell(outcome, countsOf(outcome));
  expect(heard).toMatchObject({ text: wanted.question, toolCalls: [], finish: caller.finish.stop });
  expect(twins.finishReasons).toEqual(["stop"]);
  if (wanted.stream || heard.body === undefined) expect(twins.root.outputs).toContain(wanted.question);
  else expect(twins.root.outputs).toBe(heard.body);
  expect(twins.attempts[0]?.attributes["gen_ai.response.time_to_first_chunk"] !== undefined).toBe(
    wanted.stream === true,
  );
}

/** The tool is called with the question as its argument. */
export function expectToolCall(outcome: ChatOutcome): void {
  const { heard, twins, caller, wanted } = outcome;
  expectWell(outcome, countsOf(outcome));
  expect(heard.toolCalls).toEqual([{ name: "weather", input: { city: wanted.question } }]);
  expect(heard.finish).toBe(caller.finish.tools);
  expect(twins.finishReasons).toEqual(["tool_calls"]);
  expect(twins.root.outputs).toContain(wanted.question);
}

/** The answer was cut short by the model. */
export function expectShort(outcome: ChatOutcome): void {
  expectWell(outcome, countsOf(outcome));
  expect(outcome.heard.finish).toBe(outcome.caller.finish.length);
  expect(outcome.twins.finishReasons).toEqual(["length"]);
}

/** The model thought aloud first, in nine words. */
export function expectReasoning(outcome: ChatOutcome): void {
  const { heard, twins, kind, isRelayed, wanted } = outcome;
  expectInputs(outcome);
  const isTold = isRelayed || !TELLS_NO_REASONING.includes(kind);
  expect(heard).toMatchObject({ text: wanted.question, failure: undefined, error: undefined });
  expect(heard.reasoning).toBe(isTold ? `Let me think about: ${wanted.question}` : "");
  expect(twins.usage).toMatchObject({ inputTokens: 5n, outputTokens: 14n, totalTokens: 19n });
}

/** A vector came. */
export function expectVector(outcome: Outcome): void {
  const { heard, twins, caller, wanted, kind, isRelayed } = outcome;
  // Of Vertex's embeddings each tells the words of its own text, and there is no cache.
  const input = kind === "google-vertex" && !isRelayed ? 5 : 5 + CACHED;
  expectInputs(outcome);
  expect(heard).toMatchObject({ vectors: 1, failure: undefined, usage: caller.usage({ input, cached: 0, output: 0 }) });
  expect(twins.usage).toMatchObject({ inputTokens: BigInt(input), outputTokens: undefined, estimated: undefined });
  expect(twins.root.inputs).toContain(wanted.question);
  expect(twins.attempts[0]?.attributes["mlflow.spanType"]).toBe("EMBEDDING");
}

/** The provider has no embeddings: it was not asked. */
export function expectNoEmbeddings({ run, heard, twins, wanted }: Outcome): void {
  expect(heard.failure).toEqual({
    code: "INVALID_ARGUMENT",
    reason: "UNTRANSLATABLE",
    field: heard.asked === undefined ? "endpoint" : "model",
    message: `The provider ${wanted.endpoint} has no embeddings. Use an endpoint whose provider has.`,
  });
  expect(twins.root.errorType).toBe("invalid_request");
  expect(sentFor(run, wanted)).toBeUndefined();
}

/** The provider's refusal, with its status: as it wrote it, or as the dialect writes it. */
export function expectRefusal(outcome: Outcome): void {
  const { heard, twins, caller, isRelayed } = outcome;
  const [attempt] = twins.attempts;
  const status = attempt?.attributes["http.response.status_code"] === 429 ? 429 : 500;
  expectInputs(outcome);
  expect(twins.root.errorType).toBe(status === 429 ? "provider_rate_limited" : "provider_unavailable");
  expect(attempt?.errorText).toContain(SAID);
  expect(twins.usage).toBeUndefined();
  expect(heard.retryAfter).toBe(status === 429 ? 2 : undefined);
  if (heard.failure !== undefined) {
    // Typed callers are told what it was, not what the provider said of it.
    expect(heard.failure.message).not.toContain(SAID);
    expect(heard.error).toMatchObject(caller.refusal(status, SAID));
    return;
  }
  expect(heard.status).toBe(status);
  if (isRelayed) expect(heard.body).toBe(attempt?.errorText);
  else expect(heard.error).toEqual(caller.refusal(status, SAID));
}

/** The provider refused the gateway's key: that is our failure, told without the provider's words. */
export function expectDenial({ heard, twins }: Outcome): void {
  expect(heard.failure).toMatchObject({ code: "FAILED_PRECONDITION", reason: "PROVIDER_AUTH" });
  expect(heard.failure?.message).toContain("refused the gateway's credentials");
  expect(heard.failure?.message).not.toContain(SAID);
  expect(twins.root.errorType).toBe("provider_auth");
  expect(twins.attempts[0]?.errorText).toContain(SAID);
}

/** What is not of the protocol is nobody's answer. */
export function expectGarbage(outcome: Outcome): void {
  const { heard, twins } = outcome;
  expectInputs(outcome);
  expect(heard.failure).toMatchObject({ code: "UNAVAILABLE", reason: "PROVIDER_PROTOCOL" });
  expect(twins.root.errorType).toBe("provider_protocol");
  expect(twins.attempts[0]?.errorText).not.toBe("");
}

/** The stream was cut: the dialect's own event tells of it. */
export function expectCut(outcome: ChatOutcome): void {
  expect(outcome.heard.error).toMatchObject(outcome.caller.cut);
  expect(outcome.twins.root.errorType).toBe("provider_protocol");
  expectBeginning(outcome);
}

/** The provider told of its failure in the middle of the stream. */
export function expectFailure(outcome: ChatOutcome): void {
  const { heard, twins, kind } = outcome;
  expect(heard.error).toBeDefined();
  expect(twins.root.errorType).toBe(TELLS_NO_ERROR.includes(kind) ? "provider_protocol" : "provider_unavailable");
  expect(twins.attempts[0]?.errorText).not.toBe("");
  expectBeginning(outcome);
}

/** What came before the end is told and recorded, and what it took is counted, or estimated where nobody said. */
function expectBeginning(outcome: ChatOutcome): void {
  const { heard, twins, wanted } = outcome;
  expectInputs(outcome);
  expect(heard.text).not.toBe("");
  expect(wanted.question.startsWith(heard.text)).toBe(true);
  expect(twins.root.outputs).toContain(heard.text);
  expect(twins.usage?.inputTokens).toBeGreaterThan(0n);
  expect(twins.finishReasons).toEqual([]);
}

function expectWell(outcome: ChatOutcome, counts: Counts): void {
  const { heard, twins, caller } = outcome;
  const { input, output, cached } = counts;
  expectInputs(outcome);
  expect([heard.failure, heard.error, twins.root.errorType]).toEqual([undefined, undefined, undefined]);
  expect(heard.status ?? 200).toBe(200);
  expect(heard.usage).toMatchObject(caller.usage(counts));
  expect(twins.usage).toMatchObject({
    inputTokens: BigInt(input),
    outputTokens: BigInt(output),
    totalTokens: BigInt(input + output),
    estimated: undefined,
    ...(cached === 0 ? {} : { cacheReadInputTokens: BigInt(cached) }),
  });
}

/** A word is a token; an image is a hundred. */
function countsOf({ kind, wanted: { image } }: Outcome): Counts {
  const input = 5 + CACHED + (image === undefined ? 0 : 100);
  return { input, cached: TELLS_NO_CACHE.includes(kind) ? 0 : CACHED, output: 5 };
}

/** What was asked is in the full trace: as the caller said it, and where it was translated also as the provider was asked. */
function expectInputs({ run, heard, twins, wanted, isRelayed }: Outcome): void {
  if (heard.asked === undefined) expect(twins.root.inputs).toContain(wanted.question);
  else expect(twins.root.inputs).toBe(heard.asked);
  expect(twins.attempts).toHaveLength(1);
  const inputs = twins.attempts[0]?.inputs;
  expect(inputs).toBe(isRelayed ? "" : sentFor(run, wanted));
}

/** The body of the request to the provider. Undefined: there was none. */
function sentFor({ provider }: GatewayRun, { question }: Wanted): string | undefined {
  const [canary = ""] = question.split(" ");
  return provider.requests.findLast(({ body }) => body.includes(canary))?.body;
}
