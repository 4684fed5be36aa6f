import { type Client, type ClientReadableStream, Metadata, type ServiceError as RpcError } from "@grpc/grpc-js";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import {
  type ChatEnd,
  type ChatRequest,
  type ChatResponse,
  type EmbedRequest,
  type EmbedResponse,
  InferenceServiceClient,
  type StreamChatResponse,
} from "#proto/twinspan/inference/v1/inference_service.ts";
import { CALLER } from "./gateway-client.ts";

/** A caller of typed messages, as an internal service is one. Disposing of it closes its connection. */
export interface InferenceCaller extends Disposable {
  chat(request: ChatRequest): Promise<Told<ChatResponse>>;
  embed(request: EmbedRequest): Promise<Told<EmbedResponse>>;
  /** The pieces of a stream, and what they come to. */
  streamChat(request: ChatRequest): Promise<ToldStream>;
}

/** What came back of a unary call. */
interface Told<Response> {
  readonly response: Response | undefined;
  readonly error: RpcError | undefined;
  readonly metadata: Metadata;
}

/** What came back of a stream. */
interface ToldStream {
  readonly pieces: readonly NonNullable<StreamChatResponse["piece"]>[];
  readonly end: ChatEnd | undefined;
  readonly text: string;
  readonly error: RpcError | undefined;
  readonly metadata: Metadata;
}

/** Connects to a gateway. Its calls have a caller's context. */
export function createInferenceClient(address: string): InferenceCaller {
  const client = new InferenceServiceClient(address, channelCredentials(), channelOptions(1 << 24));
  return {
    chat: (request) => told((metadata, callback) => client.chat(request, metadata, callback)),
    embed: (request) => told((metadata, callback) => client.embed(request, metadata, callback)),
    streamChat: (request) => toldStream(client.streamChat(request, callersMetadata())),
    [Symbol.dispose]: () => client.close(),
  };
}

type Start<Response> = (
  metadata: Metadata,
  callback: (error: RpcError | null, response: Response) => void,
) => ReturnType<Client["makeUnaryRequest"]>;

function told<Response>(start: Start<Response>): Promise<Told<Response>> {
  return new Promise((resolve) => {
    let head = new Metadata();
    const call = start(callersMetadata(), (error, response) =>
      resolve({ response, error: error ?? undefined, metadata: error?.metadata ?? head }),
    );
    call.on("metadata", (received) => {
      head = received;
    });
  });
}

async function toldStream(call: ClientReadableStream<StreamChatResponse>): Promise<ToldStream> {
  let head = new Metadata();
  call.on("metadata", (received: Metadata) => {
    head = received;
  });
  const pieces: NonNullable<StreamChatResponse["piece"]>[] = [];
  let error: RpcError | undefined;
  await new Promise<void>((resolve) => {
    call.on("data", ({ piece }: StreamChatResponse) => piece && pieces.push(piece));
    call.on("error", (thrown: RpcError) => {
      error = thrown;
      resolve();
    });
    call.on("end", resolve);
  });
  const end: ChatEnd | undefined = pieces.flatMap((piece) => (piece.$case === "end" ? [piece.value] : []))[0];
  const text = pieces.map((piece) => (piece.$case === "text" ? piece.value : "")).join("");
  return { pieces, end, text, error, metadata: head };
}

function callersMetadata(): Metadata {
  const metadata = new Metadata();
  metadata.set(...CALLER.header);
  return metadata;
}
