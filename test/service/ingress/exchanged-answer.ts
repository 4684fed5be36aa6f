import { EventEmitter } from "node:events";
import { Metadata } from "@grpc/grpc-js";
import type { RpcCall } from "#lib/rpc/handler.ts";
import { headersOf, metadataOf } from "#lib/rpc/header-list.ts";
import { rpcErrorOf, serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import type { InvokeStreamRequest, InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";

/** How many messages wait before a script is asked to wait: as many as grpc-js keeps. */
const MESSAGES_MAX = 16;

/** An invocation of an Exchange stream with the face of a call of InvokeStream, for scripts that answer both alike. */
export class ExchangedAnswer extends EventEmitter {
  readonly request: InvokeStreamRequest;
  readonly metadata: Metadata;
  readonly #rpc: RpcCall;
  readonly #messages: { readonly message: InvokeStreamResponse; readonly written: (() => void) | undefined }[] = [];
  #hasEnded = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(request: InvokeStreamRequest, rpc: RpcCall) {
    super();
    this.request = request;
    this.metadata = metadataOf(
      rpc.metadata.names().flatMap((name) => rpc.metadata.all(name).map((value) => ({ name, value }))),
    );
    this.#rpc = rpc;
    rpc.signal.addEventListener("abort", () => {
      this.emit("cancelled");
      this.#wake();
    });
    this.on("error", (failure) => {
      this.#failure = failure instanceof Error ? failure : Object.assign(new Error("scripted"), failure);
      this.#wake();
    });
  }

  get cancelled(): boolean {
    return this.#rpc.signal.aborted;
  }

  sendMetadata(metadata: Metadata): void {
    this.#rpc.sendHead(headersOf(metadata));
  }

  write(message: InvokeStreamResponse, written?: () => void): boolean {
    this.#messages.push({ message, written });
    this.#wake();
    return this.#messages.length < MESSAGES_MAX;
  }

  end(trailers = new Metadata()): void {
    this.#addTrailers(trailers);
    this.#hasEnded = true;
    this.#wake();
  }

  #addTrailers(trailers: Metadata): void {
    for (const { name, value } of headersOf(trailers)) this.#rpc.trailers.set(name, value);
  }

  /** What the script answers, as the handler of Exchange takes it. */
  async *messages(): AsyncGenerator<InvokeStreamResponse, void, void> {
    while (true) {
      this.#rpc.signal.throwIfAborted();
      const next = this.#messages.shift();
      if (next !== undefined) {
        yield next.message;
        next.written?.();
        if (this.#messages.length === 0) this.emit("drain");
        continue;
      }
      if (this.#failure !== undefined) {
        const error = rpcErrorOf(this.#failure);
        this.#addTrailers(error.metadata);
        throw serviceErrorOfRpc(error, "the gateway");
      }
      if (this.#hasEnded) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
