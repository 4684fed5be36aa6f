import { GetEndpointRequest, ListEndpointsRequest } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { type CallerFrame, ExchangeRequest } from "#proto/twinspan/gateway/v1/exchange.ts";
import { InvokeRequest, InvokeStreamRequest } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ChatRequest, EmbedRequest, StreamChatRequest } from "#proto/twinspan/inference/v1/inference_service.ts";
import type { Message } from "#proto/twinspan/inference/v1/prompt.ts";

import { type Home, OPEN, type RpcRow } from "./rpc-row.ts";

const INVOKED = {
  service: "gateway",
  roles: ["invoke", "admin"],
  foreign: "NOT_FOUND",
  foreignDenied: "NOT_FOUND",
} as const;
const openedWith = (invocation: Invocation): CallerFrame => ({
  id: 1,
  frame: { $case: "open", value: { metadata: [], timeoutMillis: 0, invocation, isWhole: true, bodyBytes: 0 } },
});
const bodyOf = (model: string) =>
  Buffer.from(JSON.stringify({ model, messages: [{ role: "user", content: "hello" }] }));
const invocationOf = ({ endpoint }: Home) => ({
  dialect: Dialect.DIALECT_OPENAI_CHAT,
  endpoint: "",
  body: bodyOf(endpoint),
  target: undefined,
  headers: [],
  credentials: [],
});
const PROMPT = {
  messages: [
    { message: { $case: "user", value: { parts: [{ part: { $case: "text", value: "hello" } }] } } } satisfies Message,
  ],
  tools: [],
  toolChoice: undefined,
  outputFormat: undefined,
  sampling: undefined,
  reasoning: undefined,
};
const typed = ({ endpoint }: Home) => ({ endpoint, prompt: PROMPT });

/** The gateway's RPCs. */
export const GATEWAY_RPC_ROWS: Readonly<Record<string, RpcRow>> = {
  "/twinspan.gateway.v1.GatewayService/Invoke": {
    ...INVOKED,
    own: "OK",
    request: (home) => InvokeRequest.encode({ invocation: invocationOf(home) }).finish(),
  },
  "/twinspan.gateway.v1.GatewayService/InvokeStream": {
    ...INVOKED,
    own: "OK",
    request: (home) => InvokeStreamRequest.encode({ invocation: invocationOf(home) }).finish(),
  },
  // Whoever opens the stream, its key is none of its invocations': this one is refused, in a frame that shows nothing.
  "/twinspan.gateway.v1.GatewayService/Exchange": {
    ...OPEN,
    service: "gateway",
    request: (home) => ExchangeRequest.encode({ frames: [openedWith(invocationOf(home))] }).finish(),
  },
  "/twinspan.inference.v1.InferenceService/Chat": {
    ...INVOKED,
    own: "OK",
    request: (home) => ChatRequest.encode(typed(home)).finish(),
  },
  "/twinspan.inference.v1.InferenceService/StreamChat": {
    ...INVOKED,
    own: "OK",
    request: (home) => StreamChatRequest.encode(typed(home)).finish(),
  },
  "/twinspan.inference.v1.InferenceService/Embed": {
    ...INVOKED,
    own: "OK",
    request: ({ endpoint }) => EmbedRequest.encode({ endpoint, texts: ["hello"] }).finish(),
  },
  "/twinspan.gateway.v1.EndpointService/ListEndpoints": {
    service: "gateway",
    roles: ["invoke", "read-traces", "read-payloads", "admin"],
    own: "OK shown",
    foreign: "OK",
    request: () => ListEndpointsRequest.encode({ details: true }).finish(),
  },
  "/twinspan.gateway.v1.EndpointService/GetEndpoint": {
    service: "gateway",
    roles: ["invoke", "read-traces", "read-payloads", "admin"],
    own: "OK shown",
    foreign: "NOT_FOUND",
    request: ({ endpoint }) => GetEndpointRequest.encode({ name: endpoint, details: false }).finish(),
  },
};
