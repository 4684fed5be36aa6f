import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROVIDER_KINDS } from "#lib/config/sections/provider.ts";
import type { Behaviour } from "../../../examples/scripted-provider/behaviour.ts";
import { newCaller } from "../../callers/caller.ts";
import { anthropicCaller } from "../../callers/dialects/anthropic-messages.ts";
import {
  type ChatCaller,
  type Clients,
  createClients,
  type DialectCaller,
  type Wanted,
} from "../../callers/dialects/dialect-caller.ts";
import {
  geminiBatchEmbedCaller,
  geminiEmbedCaller,
  mlflowEmbeddingsCaller,
  openAiEmbeddingsCaller,
  typedEmbedCaller,
} from "../../callers/dialects/embeddings.ts";
import { geminiArrayCaller, geminiCaller } from "../../callers/dialects/gemini-content.ts";
import { mlflowChatCaller, mlflowInvocationsCaller, openAiChatCaller } from "../../callers/dialects/openai-chat.ts";
import { openAiResponsesCaller } from "../../callers/dialects/openai-responses.ts";
import { typedChatCaller } from "../../callers/dialects/typed-chat.ts";
import { EMBEDDERS, type Kind, providerOfKind, SPEAKERS, type Spoken } from "../../neighbours/kind-facts.ts";
import { type GatewayRun, type ScriptedEndpoint, startGatewayRun } from "../../system/start-gateway.ts";
import { newCanary } from "../../traces/canaries.ts";
import { twinRecordOf } from "../../traces/twin-records.ts";
import * as outcomes from "./matrix-outcome.ts";

// Callers of every dialect reach providers of every kind: what comes back, and what both twins know of it, does not
// depend on who speaks what.

const USAGE = { usage: { cachedInput: outcomes.CACHED } } as const;
const ERROR = { errorMessage: outcomes.SAID } as const;

/** What the models of the endpoints do, an endpoint a kind and behaviour. */
const BEHAVIOURS = {
  well: USAGE,
  tools: { toolCall: true, ...USAGE },
  length: { finish: "length", ...USAGE },
  reasons: { reasoning: true },
  limited: { status: 429, retryAfter: 2, ...ERROR },
  broken: { status: 500, ...ERROR },
  denied: { status: 401, ...ERROR },
  cut: { cutAfterChunks: 5 },
  fails: { errorAfterChunks: 5 },
  garbage: { garbage: true },
} as const satisfies Record<string, Behaviour>;
type BehaviourName = keyof typeof BEHAVIOURS;

/** Callers of chats, and the format that a provider must speak to be sent their bytes. */
const CHATS: Readonly<Record<string, readonly [ChatCaller, Spoken]>> = {
  "openai chat": [openAiChatCaller, "openai-chat"],
  "openai responses": [openAiResponsesCaller, "openai-responses"],
  anthropic: [anthropicCaller, "anthropic"],
  gemini: [geminiCaller, "gemini"],
  "gemini's array": [geminiArrayCaller, "gemini"],
  "mlflow chat": [mlflowChatCaller, "openai-chat"],
  "mlflow invocations": [mlflowInvocationsCaller, "openai-chat"],
  "typed messages": [typedChatCaller, "openai-chat"],
};

/** Callers of embeddings, likewise. */
const EMBEDDINGS: Readonly<Record<string, readonly [DialectCaller, Spoken]>> = {
  "openai embeddings": [openAiEmbeddingsCaller, "openai-embeddings"],
  "mlflow invocations with input": [mlflowEmbeddingsCaller, "openai-embeddings"],
  "gemini embedContent": [geminiEmbedCaller, "gemini"],
  "gemini batchEmbedContents": [geminiBatchEmbedCaller, "gemini"],
  "typed texts": [typedEmbedCaller, "openai-embeddings"],
};

interface Cell {
  readonly says: string;
  readonly model: BehaviourName;
  readonly wanted?: { readonly stream?: boolean; readonly tools?: boolean };
  readonly showsImage?: boolean;
  readonly check: (outcome: outcomes.Outcome<ChatCaller>) => void;
}

const STREAM = { wanted: { stream: true } } as const;
const TOOLS = { wanted: { tools: true } } as const;
const STREAMED_TOOLS = { wanted: { stream: true, tools: true } } as const;
const IMAGE = { showsImage: true } as const;

/** What is asked in every dialect of every kind. */
const CELLS: Readonly<Record<string, Cell>> = {
  plain: { says: "answers, and counts its tokens", model: "well", check: outcomes.expectAnswer },
  stream: { says: "answers piece by piece", model: "well", ...STREAM, check: outcomes.expectAnswer },
  tools: { says: "calls a tool with its arguments", model: "tools", ...TOOLS, check: outcomes.expectToolCall },
  "streamed tools": { says: "so it does", model: "tools", ...STREAMED_TOOLS, check: outcomes.expectToolCall },
  image: { says: "sees it", model: "well", ...IMAGE, check: outcomes.expectAnswer },
  "image, then stream": { says: "sees it", model: "well", ...IMAGE, ...STREAM, check: outcomes.expectAnswer },
  length: { says: "tells that it was cut short", model: "length", check: outcomes.expectShort },
  "streamed length": { says: "so it does", model: "length", ...STREAM, check: outcomes.expectShort },
  reasoning: { says: "tells its thoughts", model: "reasons", check: outcomes.expectReasoning },
  "streamed reasoning": { says: "so it does", model: "reasons", ...STREAM, check: outcomes.expectReasoning },
  error: { says: "is refused in the dialect's words", model: "limited", check: outcomes.expectRefusal },
  "error, asked for a stream": { says: "so it is", model: "limited", ...STREAM, check: outcomes.expectRefusal },
  "server error": { says: "is told with its status", model: "broken", check: outcomes.expectRefusal },
  "refused key": { says: "is our failure, without their words", model: "denied", check: outcomes.expectDenial },
  garbage: { says: "is no answer", model: "garbage", check: outcomes.expectGarbage },
  "streamed garbage": { says: "is no answer", model: "garbage", ...STREAM, check: outcomes.expectGarbage },
  cut: { says: "is told in an event of the dialect's", model: "cut", ...STREAM, check: outcomes.expectCut },
  "error in a stream": { says: "is told after what came", model: "fails", ...STREAM, check: outcomes.expectFailure },
};

/** How a PNG begins, in base64: what follows can be anything. */
const PNG = "iVBORw0KGgoA";

let run: GatewayRun;
let clients: Clients;

beforeAll(async () => {
  const endpoints = PROVIDER_KINDS.flatMap((kind) =>
    Object.entries(BEHAVIOURS).map(([name, behaviour]): readonly [string, ScriptedEndpoint] => [
      `${kind}-${name}`,
      { behaviour, provider: (url) => providerOfKind(kind, url) },
    ]),
  );
  run = await startGatewayRun({ endpoints: Object.fromEntries(endpoints) });
  clients = createClients(run.gateway.address);
}, 60_000);
afterAll(async () => {
  clients[Symbol.dispose]();
  await run[Symbol.asyncDispose]();
});

for (const [dialect, [caller, spoken]] of Object.entries(CHATS)) {
  for (const kind of PROVIDER_KINDS) {
    describe(`${dialect} → ${kind}`, () => {
      for (const [name, { says, model, wanted = {}, showsImage = false, check }] of Object.entries(CELLS)) {
        test.concurrent(`${dialect} → ${kind}, ${name}: ${says}`, async () => {
          const shown = showsImage ? newCanary() : undefined;
          const image = shown === undefined ? {} : { image: PNG + shown };
          check(await outcomeOf(caller, spoken, kind, model, { ...wanted, ...image }, shown));
        });
      }
    });
  }
}

for (const [dialect, [caller, spoken]] of Object.entries(EMBEDDINGS)) {
  describe(dialect, () => {
    for (const kind of PROVIDER_KINDS) {
      if (EMBEDDERS.includes(kind)) {
        test.concurrent(`${dialect} → ${kind}, plain: answers with a vector, and counts its tokens`, async () => {
          outcomes.expectVector(await outcomeOf(caller, spoken, kind, "well"));
        });
        test.concurrent(`${dialect} → ${kind}, error: is refused in the dialect's words`, async () => {
          outcomes.expectRefusal(await outcomeOf(caller, spoken, kind, "limited"));
        });
      } else {
        test.concurrent(`${dialect} → ${kind}: says that it has no embeddings, and sends nothing`, async () => {
          outcomes.expectNoEmbeddings(await outcomeOf(caller, spoken, kind, "well"));
        });
      }
    }
  });
}

/** Asks, with a canary in the question, and in the image: each is in the full trace's payload and nowhere else. */
async function outcomeOf<Caller extends DialectCaller>(
  caller: Caller,
  spoken: Spoken,
  kind: Kind,
  model: BehaviourName,
  also: Partial<Wanted> = {},
  shown?: string,
): Promise<outcomes.Outcome<Caller>> {
  const canary = newCanary();
  const span = newCaller();
  const question = `${canary} is what we ask`;
  const wanted = { endpoint: `${kind}-${model}`, question, traceparent: span.traceparent, ...also };
  const heard = await caller.call(clients, wanted);
  const twins = await twinRecordOf(run, heard, [canary, ...(shown === undefined ? [] : [shown])], span);
  expect(twins.requestType).toBe(caller.requestType);
  return { run, caller, kind, isRelayed: SPEAKERS[spoken].includes(kind), wanted, heard, twins };
}
