import { type Metadata, type ServiceError as RpcError, status } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { InferenceServiceClient } from "#proto/twinspan/inference/v1/inference_service.ts";
import { type Ask, createGatewayClient, type GatewayClient, type Told } from "../gateway-client.ts";
import { errorInfoOf, faultyFieldOf } from "../told.ts";

/** What a caller wants of an endpoint, whichever dialect it says it in. */
export interface Wanted {
  readonly endpoint: string;
  readonly question: string;
  readonly stream?: boolean;
  /** Offers the tool `weather`, whose one argument is a city. */
  readonly tools?: boolean;
  /** Shows an image: a PNG's bytes in base64. */
  readonly image?: string;
  /** The caller's trace context. */
  readonly traceparent: string;
}

/** What a caller read of an answer, whichever dialect it was in. */
export interface Read {
  readonly text: string;
  /** What it thought aloud. Undefined: the dialect has no word for it here. */
  readonly reasoning?: string;
  readonly toolCalls: readonly { readonly name: string; readonly input: unknown }[];
  /** How many vectors came, of embeddings. */
  readonly vectors?: number;
  /** Why it ended, in the dialect's word. Undefined: it did not say. */
  readonly finish?: unknown;
  /** The tokens, as the dialect writes and counts them. */
  readonly usage?: unknown;
  /** What tells of a failure, in the dialect's words: the error of a body, or of an event. Undefined: nothing does. */
  readonly error?: unknown;
}

/** A call as its caller heard it. */
export interface Heard extends Read {
  readonly metadata: Metadata;
  /** The request's body. Undefined: it was typed. */
  readonly asked: string | undefined;
  /** The answer's body. Undefined: it was typed. */
  readonly body: string | undefined;
  /** The answer's HTTP status. Undefined: it was typed, or there was none. */
  readonly status: number | undefined;
  /** In how many seconds to come back. Undefined: it was not said. */
  readonly retryAfter: number | undefined;
  /** The failure, where it came as a gRPC status. */
  readonly failure: Failure | undefined;
  /** Undefined: the call ended with a gRPC status, or its caller was not told. */
  readonly summary: InvocationSummary | undefined;
}

/** A gRPC status that tells of a failure. */
export interface Failure {
  /** The code's name. */
  readonly code: string | undefined;
  readonly reason: string;
  /** The field at fault. Undefined: none in particular. */
  readonly field: string | undefined;
  readonly message: string;
}

/** Tokens, as both twins count them: input includes what was read from a cache. */
export interface Counts {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

/** A caller of one dialect: how it asks, how it reads, and what it must read. */
export interface DialectCaller {
  /** MLflow's word for its requests. */
  readonly requestType: string;
  /** The tokens of an answer, as the dialect counts them. */
  usage(counts: Counts): object;
  /** The error that a provider's refusal becomes in translation; `said` is the provider's message. */
  refusal(status: number, said: string): object;
  call(clients: Clients, wanted: Wanted): Promise<Heard>;
}

/** A caller of a dialect of chats. */
export interface ChatCaller extends DialectCaller {
  /** What its answers say of why they ended. */
  readonly finish: { readonly stop: unknown; readonly tools: unknown; readonly length: unknown };
  /** The error that ends a stream that was cut. */
  readonly cut: object;
}

/** The clients of a gateway: for bytes, and for typed messages. */
export interface Clients extends Disposable {
  readonly bytes: GatewayClient;
  readonly typed: InferenceServiceClient;
}

/** Makes them. */
export function createClients(address: string): Clients {
  const bytes = createGatewayClient(address);
  const typed = new InferenceServiceClient(address, channelCredentials(), channelOptions(64 * 1024 * 1024));
  return {
    bytes,
    typed,
    [Symbol.dispose]() {
      bytes[Symbol.dispose]();
      typed.close();
    },
  };
}

/** Asks in the bytes of a dialect, and reads the answer's. */
export async function callInBytes(
  { bytes }: Clients,
  { stream = false, traceparent }: Wanted,
  ask: Ask & { readonly body: string },
  read: (told: Told) => Read,
): Promise<Heard> {
  const asked = { ...ask, headers: [["traceparent", traceparent]] as const };
  const told = await (stream ? bytes.stream(asked) : bytes.invoke(asked));
  const { head, body, metadata, summary, error } = told;
  const failure = failureOf(error);
  const header = head?.headers.find(({ name }) => name === "retry-after");
  const retryAfter = header && Number(header.value);
  const answer = failure === undefined ? read(told) : { text: "", toolCalls: [], error: failure };
  return { ...answer, metadata, asked: ask.body, body, status: head?.status, retryAfter, failure, summary };
}

/** A gRPC status, read. */
export function failureOf(error: RpcError | undefined): Failure | undefined {
  if (error === undefined) return undefined;
  const { reason } = errorInfoOf({ error });
  return { code: status[error.code], reason, field: faultyFieldOf({ error }), message: error.details };
}

/** JSON of others: tests say what it must be. */
export type Json = ReturnType<typeof JSON.parse>;

/** The JSON of every event of a stream, in order. */
export function eventsIn(body: string): Json[] {
  return body
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith("data: ") && line !== "data: [DONE]" ? [JSON.parse(line.slice(6))] : []));
}

/** The arguments that every tool takes here. */
export const CITY = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
} as const;
