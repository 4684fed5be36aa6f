import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import type { Identity } from "#lib/auth/identity.ts";
import type { Deadlines } from "#lib/deadlines.ts";
import { identifyAt } from "#lib/rpc/check-rights.ts";
import { CREDIT_BYTES, CREDIT_STEP_BYTES, FRAME_BYTES_MAX } from "#lib/rpc/exchange-bounds.ts";
import { hangUpOf, loggedErrorOf, type RpcCall } from "#lib/rpc/handler.ts";
import { type MetadataTexts, metadataTextsGetter } from "#lib/rpc/metadata-texts.ts";
import { statusOf } from "#lib/rpc/status-details.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { CertifiedPeer } from "#lib/tls/certified-peer.ts";
import type { Status } from "#proto/google/rpc/status.ts";
import type { CancelFrame, GatewayFrame, OpenFrame } from "#proto/twinspan/gateway/v1/exchange.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { ExchangeParts, HandleInvocation } from "./exchange-parts.ts";
import { openedMetadataOf } from "./frame-metadata.ts";
import { GatheredBody } from "./gathered-body.ts";

type Frame = NonNullable<GatewayFrame["frame"]>;

/** What an invocation sees of its stream. */
export interface InvocationStream {
  /** The RPC's path, for the log. */
  readonly path: string;
  readonly host: string;
  /** Those of its invocations. */
  readonly deadlines: Deadlines;
  readonly userAgent: string | undefined;
  /** Whether the caller does not keep up with what is sent. */
  readonly isFull: boolean;
  /** Whom the certificate of its connection names, verified. Undefined: it showed none, or none was asked for. */
  readonly peer: CertifiedPeer | undefined;
  /** Sends a frame of the invocation with that number, with so many bytes in it. */
  send(id: number, frame: Frame, bytes: number): void;
  /** Sends a frame that the caller does not wait for. */
  sendSoon(id: number, frame: Frame, bytes: number): void;
}

/** One invocation of a stream, from its `open` to its `end`. It is what a call of InvokeStream is, to whoever handles it. */
export class ServedInvocation {
  readonly #parts: ExchangeParts;
  readonly #stream: InvocationStream;
  readonly #id: number;
  readonly #abort = new AbortController();
  readonly #trailers: Header[] = [];
  /** Undefined: it came with `open`, or goes to its handler. */
  #body: GatheredBody | undefined;
  #isBodyWhole = false;
  #bodyBytes = 0;
  #bodyCredit = CREDIT_BYTES;
  #credit = CREDIT_BYTES;
  /** In milliseconds since the Unix epoch. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  #wake: () => void = () => {};

  /** `id`: its number on the stream. */
  constructor(parts: ExchangeParts, stream: InvocationStream, id: number) {
    this.#parts = parts;
    this.#stream = stream;
    this.#id = id;
  }

  /** Serves it. Resolves when its end was sent; never rejects. */
  async serve(open: OpenFrame, handle: HandleInvocation): Promise<void> {
    const { signal } = this.#abort;
    const { path, peer, userAgent } = this.#stream;
    let status: Status | undefined;
    let metadata: MetadataTexts | undefined;
    const deadline = this.#startDeadline(open.timeoutMillis);
    try {
      using _turn = this.#parts.admission.enter();
      metadata = openedMetadataOf(open.metadata, userAgent);
      const { invocation } = open;
      if (invocation === undefined) {
        throw new ServiceError("invalid_request", "`open.invocation` is missing.", { field: "open.invocation" });
      }
      if (open.isWhole) this.#count(invocation.body);
      else this.#gather(invocation.body, open.bodyBytes);
      const identity = await identifyAt(this.#parts.door, path, metadata, peer);
      while (!open.isWhole && !this.#isBodyWhole && !signal.aborted) await this.#woken();
      signal.throwIfAborted();
      invocation.body = this.#body?.whole ?? invocation.body;
      this.#body = undefined;
      const call = this.#rpcCallOf(metadata, identity);
      await context.with(propagation.extract(ROOT_CONTEXT, metadata, metadataTextsGetter), () =>
        this.#answer(handle(invocation, call)),
      );
    } catch (thrown) {
      status = statusOf(loggedErrorOf(this.#parts.log, path, thrown, metadata));
    } finally {
      deadline?.[Symbol.dispose]();
    }
    this.#send({ $case: "end", value: { status, trailers: this.#trailers } }, 0);
  }

  /** The next bytes of the request's body. They are copied. */
  takeBody(bytes: Buffer): void {
    this.#count(bytes);
    if (this.#abort.signal.aborted) return;
    this.#body?.add(bytes);
    const taken = CREDIT_BYTES - this.#bodyCredit;
    if (taken < CREDIT_STEP_BYTES) return;
    this.#bodyCredit += taken;
    this.#send({ $case: "credit", value: taken }, 0);
  }

  /** The body is whole. */
  endBody(): void {
    this.#isBodyWhole = true;
    this.#wake();
  }

  /** So many more bytes of the answer may go. */
  addCredit(bytes: number): void {
    this.#credit += bytes;
    this.#wake();
  }

  /** The stream takes more. */
  hasRoom(): void {
    this.#wake();
  }

  /** The caller has gone, or says that its time is over. */
  cancel({ isDeadlineOver }: CancelFrame): void {
    this.#abortWith(hangUpOf(isDeadlineOver ? 0 : this.#deadlineMs));
  }

  #gather(first: Buffer, toldBytes: number): void {
    this.#body = new GatheredBody(Math.min(toldBytes, this.#parts.bodyBytesMax));
    this.takeBody(first);
  }

  /** Counts bytes of the body. Where they are too many the invocation is aborted. */
  #count(bytes: Buffer): void {
    if (this.#abort.signal.aborted) return;
    this.#bodyCredit -= bytes.length;
    this.#bodyBytes += bytes.length;
    if (this.#bodyCredit < 0 || bytes.length > FRAME_BYTES_MAX) {
      this.#abortWith(new ServiceError("invalid_request", "More of the body came than there was credit for."));
      return;
    }
    const { bodyBytesMax } = this.#parts;
    if (this.#bodyBytes > bodyBytesMax) {
      const message = `The body is larger than ${bodyBytesMax} bytes (gateway.limits.requestBytesMax).`;
      this.#parts.onLargeBody();
      this.#abortWith(new ServiceError("request_too_large", message, { field: "invocation.body" }));
    }
  }

  #abortWith(reason: ServiceError): void {
    this.#abort.abort(reason);
    this.#wake();
  }

  #startDeadline(timeoutMs: number): Disposable | undefined {
    if (timeoutMs === 0) return undefined;
    this.#deadlineMs = Date.now() + timeoutMs;
    return this.#stream.deadlines.in(timeoutMs, () => this.cancel({ isDeadlineOver: true }));
  }

  #rpcCallOf(metadata: MetadataTexts, identity: Identity): RpcCall {
    return {
      identity,
      metadata,
      signal: this.#abort.signal,
      host: this.#stream.host,
      trailers: { set: (name, value) => this.#trailers.push({ name, value }) },
      sendHead: (metadata) => this.#stream.sendSoon(this.#id, { $case: "head", value: { metadata: [...metadata] } }, 0),
    };
  }

  async #answer(pieces: AsyncGenerator<InvokeStreamResponse, void, void>): Promise<void> {
    const { signal } = this.#abort;
    for await (const { head, chunk, summary } of pieces) {
      let from = 0;
      do {
        // Others wait for the same room, and may have taken it.
        while (chunk.length > 0 && !this.#mayGo()) await this.#room();
        const to = Math.min(chunk.length, from + Math.min(FRAME_BYTES_MAX, this.#credit));
        const continues = to < chunk.length;
        const part = {
          head: from === 0 ? head : undefined,
          chunk: chunk.subarray(from, to),
          summary: continues ? undefined : summary,
          continues,
        };
        this.#credit -= to - from;
        this.#send({ $case: "piece", value: part }, to - from);
        from = to;
      } while (from < chunk.length);
      signal.throwIfAborted();
    }
  }

  #mayGo(): boolean {
    return this.#credit > 0 && !this.#stream.isFull;
  }

  /** Waits until bytes of the answer may go. A caller that lets it wait too long is taken to have gone. */
  async #room(): Promise<void> {
    const { signal } = this.#abort;
    const stalled = new ServiceError("cancelled", "The caller stopped reading its answer.");
    const timer = setTimeout(() => this.#abortWith(stalled), this.#parts.stallMs);
    try {
      while (!this.#mayGo()) {
        signal.throwIfAborted();
        await this.#woken();
      }
      signal.throwIfAborted();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits until a frame comes that may be waited for, or the stream has room again. */
  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #send(frame: Frame, bytes: number): void {
    this.#stream.send(this.#id, frame, bytes);
  }
}
