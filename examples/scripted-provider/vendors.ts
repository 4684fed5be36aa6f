import { anthropicErrorOf, anthropicModelsOf } from "./anthropic/error.ts";
import { readCountTokens, readMessages } from "./anthropic/messages.ts";
import { readConverse, readConverseStream } from "./bedrock/converse.ts";
import { bedrockErrorHeadersOf, bedrockErrorOf } from "./bedrock/error.ts";
import { readInvoke } from "./bedrock/invoke.ts";
import { readCohereChat } from "./cohere/chat.ts";
import { cohereErrorOf, cohereModelsOf, readCohereEmbed } from "./cohere/embed.ts";
import { DEEPSEEK } from "./flavours/deepseek.ts";
import { GROQ } from "./flavours/groq.ts";
import { MISTRAL, mistralErrorOf } from "./flavours/mistral.ts";
import { OPEN_MODELS, OPENAI } from "./flavours/openai.ts";
import { OPENROUTER, openRouterErrorOf } from "./flavours/openrouter.ts";
import { XAI, xaiErrorOf } from "./flavours/xai.ts";
import { readGeminiCountTokens } from "./gemini/count-tokens.ts";
import { readBatchEmbed, readEmbed } from "./gemini/embed.ts";
import { googleErrorOf, googleModelsOf } from "./gemini/error.ts";
import { readGenerate, readStreamGenerate } from "./gemini/generate.ts";
import { ollamaErrorOf, ollamaModelsOf, readOllamaChat } from "./ollama/chat.ts";
import { readOllamaEmbed } from "./ollama/embed.ts";
import { type ChatFlavour, createChatReader } from "./openai/chat.ts";
import { readCompact } from "./openai/compact.ts";
import { readEmbeddings } from "./openai/embeddings.ts";
import { openAiErrorOf, openAiModelsOf } from "./openai/error.ts";
import { readResponses } from "./openai/responses.ts";
import { readPredict } from "./vertex/predict.ts";
import type { Reader, Vendor } from "./wire-format.ts";

type Routes = Vendor["routes"];

const NO_HEADERS = () => ({});
const V1 = /^\/v1(?=\/)/;

const CHAT = /^\/chat\/completions$/;
const EMBEDDINGS: Routes[number] = [/^\/embeddings$/, readEmbeddings];
const OPENAI_ROUTES: Routes = [
  [CHAT, createChatReader(OPENAI)],
  [/^\/responses$/, readResponses],
  [/^\/responses\/compact$/, readCompact],
  EMBEDDINGS,
];
const GEMINI_ROUTES: Routes = [
  [/^\/models\/(?<model>[^/:]+):generateContent$/, readGenerate],
  [/^\/models\/(?<model>[^/:]+):streamGenerateContent$/, readStreamGenerate],
  [/^\/models\/(?<model>[^/:]+):embedContent$/, readEmbed],
  [/^\/models\/(?<model>[^/:]+):batchEmbedContents$/, readBatchEmbed],
  [/^\/models\/(?<model>[^/:]+):countTokens$/, readGeminiCountTokens],
  [/^\/models\/(?<model>[^/:]+):predict$/, readPredict],
];

const OPENAI_VENDOR = {
  base: "/v1",
  bases: V1,
  error: openAiErrorOf,
  models: openAiModelsOf,
  headers: (id: string) => ({
    "x-request-id": `req_${id}`,
    "openai-version": "2020-10-01",
    "openai-processing-ms": "1",
  }),
} as const satisfies Partial<Vendor>;

/** Who is played, by the words that twinspan has for them. The first whose prefix fits has the request. */
export const VENDORS = {
  anthropic: {
    prefix: "/anthropic",
    base: "/v1",
    bases: V1,
    routes: [
      [/^\/messages$/, readMessages],
      [/^\/messages\/count_tokens$/, readCountTokens],
    ],
    error: anthropicErrorOf,
    models: anthropicModelsOf,
    headers: (id) => ({ "request-id": `req_${id}` }),
  },
  gemini: {
    prefix: "/gemini",
    base: "/v1beta",
    bases: /^\/v1(beta|alpha)?(?=\/)/,
    routes: GEMINI_ROUTES,
    error: googleErrorOf,
    models: googleModelsOf,
    headers: NO_HEADERS,
  },
  "google-vertex": {
    prefix: "/vertex",
    base: "/v1beta1/projects/scripted/locations/global/publishers/google",
    bases: /^\/v1(beta1)?(\/projects\/[^/]+\/locations\/[^/]+)?\/publishers\/google(?=\/)/,
    routes: GEMINI_ROUTES,
    error: googleErrorOf,
    models: googleModelsOf,
    headers: NO_HEADERS,
  },
  "azure-openai": {
    ...OPENAI_VENDOR,
    prefix: "/azure/openai",
    bases: /^(\/v1)?(?=\/)/,
    routes: [...OPENAI_ROUTES, ...OPENAI_ROUTES.map(deploymentRouteOf)],
    headers: (id) => ({ "apim-request-id": id, "x-ms-region": "Scripted" }),
  },
  "amazon-bedrock": {
    prefix: "/bedrock",
    base: "",
    bases: /^(?=\/)/,
    routes: [
      [/^\/model\/(?<model>[^/]+)\/converse$/, readConverse],
      [/^\/model\/(?<model>[^/]+)\/converse-stream$/, readConverseStream],
      [/^\/model\/(?<model>[^/]+)\/invoke$/, readInvoke],
    ],
    error: bedrockErrorOf,
    errorHeaders: bedrockErrorHeadersOf,
    headers: (id) => ({ "x-amzn-requestid": id }),
  },
  cohere: {
    prefix: "/cohere",
    base: "/v2",
    bases: /^\/v2(?=\/)/,
    routes: [
      [/^\/chat$/, readCohereChat],
      [/^\/embed$/, readCohereEmbed],
    ],
    error: cohereErrorOf,
    models: cohereModelsOf,
    headers: NO_HEADERS,
  },
  mistral: { ...chatVendorOf("/mistral", MISTRAL), error: mistralErrorOf },
  groq: chatVendorOf("/groq/openai", GROQ),
  xai: {
    ...chatVendorOf("/xai", XAI),
    routes: [...chatRoutesOf(XAI), ...OPENAI_ROUTES.slice(1)],
    error: xaiErrorOf,
  },
  deepseek: { ...chatVendorOf("/deepseek", DEEPSEEK), bases: /^(\/v1|\/beta)?(?=\/)/ },
  togetherai: chatVendorOf("/together", OPEN_MODELS),
  fireworks: chatVendorOf("/fireworks/inference", OPEN_MODELS),
  openrouter: { ...chatVendorOf("/openrouter/api", OPENROUTER), error: openRouterErrorOf },
  // Ollama's own format, and OpenAI's beside it.
  "ollama-native": {
    prefix: "/ollama/api",
    base: "",
    bases: /^(?=\/)/,
    routes: [
      [/^\/chat$/, readOllamaChat],
      [/^\/embed$/, readOllamaEmbed],
    ],
    error: ollamaErrorOf,
    modelsPath: "/tags",
    models: ollamaModelsOf,
    headers: NO_HEADERS,
  },
  ollama: chatVendorOf("/ollama", OPENAI),
  // What has no other prefix is for OpenAI: it is the last.
  openai: { ...OPENAI_VENDOR, prefix: "", routes: OPENAI_ROUTES },
} as const satisfies Readonly<Record<string, Vendor>>;

/** Who is played. */
export type VendorName = keyof typeof VENDORS;

/** Who speaks OpenAI's chat completions, and embeddings, under a prefix. */
function chatVendorOf(prefix: string, flavour: ChatFlavour) {
  return { ...OPENAI_VENDOR, prefix, routes: chatRoutesOf(flavour), headers: NO_HEADERS };
}

function chatRoutesOf(flavour: ChatFlavour): Routes {
  return [[CHAT, createChatReader(flavour)], EMBEDDINGS];
}

/** Azure's older paths: the deployment's name is the model, whatever the body says. */
function deploymentRouteOf([path, read]: Routes[number]): Routes[number] {
  const named: Reader = ({ body, model, query }) =>
    read({ body: typeof body === "object" ? { ...body, model } : body, model, query });
  return [new RegExp(`^/deployments/(?<model>[^/]+)${path.source.slice(1)}`), named];
}
