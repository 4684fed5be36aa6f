import { type CallOptions, Metadata, type ServiceError as RpcError } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import {
  GatewayServiceClient,
  type InvokeResponse,
  type InvokeStreamResponse,
} from "#proto/twinspan/gateway/v1/gateway_service.ts";
import {
  type AnswerHead,
  Dialect,
  type Invocation,
  type InvocationSummary,
} from "#proto/twinspan/gateway/v1/invocation.ts";

/** What is asked of a gateway. */
export interface Ask {
  /** The endpoint, as `model` of the body. */
  readonly model: string;
  readonly stream?: boolean;
  /** The question. Default: four words. */
  readonly text?: string;
  /** Further members of the body. */
  readonly also?: Readonly<Record<string, unknown>>;
  /** Instead of a body made from the above. */
  readonly body?: string | Buffer;
  /** Of the invocation what is not OpenAI's chat: its dialect, its endpoint, its target, its headers. */
  readonly invocation?: Partial<Invocation>;
  /** Metadata of the call, a pair a header. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly options?: Partial<CallOptions>;
  /** Hears of every piece of the body that comes over InvokeStream. */
  readonly onChunk?: () => void;
  /** Hangs up when so many messages have come. */
  readonly hangUpAfter?: number;
  /** Hangs up when this aborts. Streams only. */
  readonly signal?: AbortSignal;
}

/** All that came back of a call. */
export interface Told {
  readonly head: AnswerHead | undefined;
  readonly body: string;
  /** The body's pieces, as they came. */
  readonly chunks: readonly Buffer[];
  readonly summary: InvocationSummary | undefined;
  readonly metadata: Metadata;
  readonly trailers: Metadata;
  readonly error: RpcError | undefined;
}

/** A client of a gateway that tells all there is to know of a call. */
export interface GatewayClient extends Disposable {
  invoke(ask: Ask): Promise<Told>;
  stream(ask: Ask): Promise<Told>;
}

/** A `traceparent` that asks for a mirror, and its parts. */
export const CALLER = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  header: ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
} as const;

/** Makes one. */
export function createGatewayClient(address: string): GatewayClient {
  const client = new GatewayServiceClient(address, channelCredentials(), channelOptions(128 * 1024 * 1024));
  return {
    invoke: (ask) => invoke(client, ask),
    stream: (ask) => stream(client, ask),
    [Symbol.dispose]: () => client.close(),
  };
}

/** The request's body: a chat completion of OpenAI's. */
export function bodyOf({ model, stream, text = "what is a twin span?", also, body }: Ask): Buffer {
  if (body !== undefined) return Buffer.from(body);
  const messages = [{ role: "user", content: text }];
  return Buffer.from(JSON.stringify({ model, messages, ...(stream ? { stream } : {}), ...also }));
}

function invoke(client: GatewayServiceClient, ask: Ask): Promise<Told> {
  return new Promise((resolve) => {
    let metadata = new Metadata();
    let ended: { readonly error: RpcError | null; readonly response: InvokeResponse | undefined } | undefined;
    let trailers: Metadata | undefined;
    const settle = () => {
      if (ended === undefined || trailers === undefined) return;
      const { error, response } = ended;
      const body = response?.body ?? Buffer.alloc(0);
      const { head, summary } = response ?? {};
      resolve({
        head,
        body: body.toString(),
        chunks: [body],
        summary,
        metadata,
        trailers,
        error: error ?? undefined,
      });
    };
    const call = client.invoke(
      { invocation: invocationOf(ask) },
      metadataOf(ask),
      ask.options ?? {},
      (error, response) => {
        ended = { error, response };
        settle();
      },
    );
    call.on("metadata", (received) => {
      metadata = received;
    });
    call.on("status", (status) => {
      trailers = status.metadata;
      settle();
    });
  });
}

function stream(client: GatewayServiceClient, ask: Ask): Promise<Told> {
  return new Promise((resolve) => {
    let metadata = new Metadata();
    let head: AnswerHead | undefined;
    let summary: InvocationSummary | undefined;
    let error: RpcError | undefined;
    let messages = 0;
    const chunks: Buffer[] = [];
    const call = client.invokeStream({ invocation: invocationOf(ask) }, metadataOf(ask), ask.options);
    call.on("metadata", (received) => {
      metadata = received;
    });
    ask.signal?.addEventListener("abort", () => call.cancel(), { once: true });
    call.on("data", (message: InvokeStreamResponse) => {
      head ??= message.head;
      summary = message.summary;
      if (message.chunk.length > 0) {
        chunks.push(message.chunk);
        ask.onChunk?.();
      }
      messages += 1;
      if (messages === ask.hangUpAfter) call.cancel();
    });
    call.on("error", (thrown: RpcError) => {
      error = thrown;
    });
    call.on("status", ({ metadata: trailers }) => {
      // The error, if any, is emitted in the same turn as the status.
      setImmediate(() =>
        resolve({ head, body: Buffer.concat(chunks).toString(), chunks, summary, metadata, trailers, error }),
      );
    });
  });
}

function invocationOf(ask: Ask): Invocation {
  return {
    dialect: Dialect.DIALECT_OPENAI_CHAT,
    endpoint: "",
    body: bodyOf(ask),
    target: undefined,
    headers: [],
    credentials: [],
    ...ask.invocation,
  };
}

function metadataOf({ headers = [] }: Ask): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers) metadata.add(name, value);
  return metadata;
}
