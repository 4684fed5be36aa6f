import { type handleBidiStreamingCall, Metadata, type ServerDuplexStream } from "@grpc/grpc-js";
import { Deadlines } from "#lib/deadlines.ts";
import { INVOCATIONS_MAX } from "#lib/rpc/exchange-bounds.ts";
import { FrameSender } from "#lib/rpc/frame-sender.ts";
import { rpcFailureOf, statusOf } from "#lib/rpc/status-details.ts";
import { ServiceError } from "#lib/service-error.ts";
import { certifiedPeerOf } from "#lib/tls/certified-peer.ts";
import { placeText, WORKER_METADATA } from "#lib/workers/worker-place.ts";
import type {
  CallerFrame,
  ExchangeRequest,
  ExchangeResponse,
  GatewayFrame,
  OpenFrame,
} from "#proto/twinspan/gateway/v1/exchange.ts";
import type { ExchangeParts, HandleInvocation } from "./exchange-parts.ts";
import { type InvocationStream, ServedInvocation } from "./served-invocation.ts";

/** By how much of their age some streams are drained earlier, so that not all callers come at once. */
const AGE_SPREAD = 0.1;

/** The handler of Exchange: many invocations on one stream, each served as a call of its own. */
export function exchange(
  parts: ExchangeParts,
  handle: HandleInvocation,
): handleBidiStreamingCall<ExchangeRequest, ExchangeResponse> {
  return (stream) => {
    const served = new ServedStream(parts, handle, stream);
    stream.on("data", ({ frames }: ExchangeRequest) => served.take(frames));
    stream.on("end", () => served.callerEnded());
    stream.on("cancelled", () => served.broke());
    stream.on("error", () => served.broke());
    const metadata = new Metadata();
    if (parts.place.count > 1) metadata.set(WORKER_METADATA, placeText(parts.place));
    stream.sendMetadata(metadata);
  };
}

class ServedStream {
  readonly #parts: ExchangeParts;
  readonly #handle: HandleInvocation;
  readonly #stream: ServerDuplexStream<ExchangeRequest, ExchangeResponse>;
  readonly #sender: FrameSender<GatewayFrame, ExchangeResponse>;
  /** What its invocations see of it. */
  readonly #seen: InvocationStream;
  readonly #underWay = new Map<number, ServedInvocation>();
  readonly #closing = new AbortController();
  #lastId = 0;
  #hasCallerEnded = false;

  constructor(
    parts: ExchangeParts,
    handle: HandleInvocation,
    stream: ServerDuplexStream<ExchangeRequest, ExchangeResponse>,
  ) {
    this.#parts = parts;
    this.#handle = handle;
    this.#stream = stream;
    this.#sender = new FrameSender(
      stream,
      (frames) => ({ frames }),
      parts.count,
      () => {
        for (const invocation of this.#underWay.values()) invocation.hasRoom();
      },
    );
    const sender = this.#sender;
    const [userAgent] = stream.metadata.get("user-agent");
    const deadlines = new Deadlines();
    this.#seen = {
      deadlines,
      path: stream.getPath(),
      host: stream.getHost(),
      userAgent: typeof userAgent === "string" ? userAgent : undefined,
      get isFull() {
        return sender.isFull;
      },
      peer: certifiedPeerOf(stream.getAuthContext().sslPeerCertificate),
      send: (id, frame, bytes) => this.#send(id, frame, bytes),
      sendSoon: (id, frame, bytes) => {
        if (!this.#closing.signal.aborted) sender.sendSoon({ id, frame }, bytes);
      },
    };
    parts.count.opened();
    const drain = () => this.#sender.send({ id: 0, frame: { $case: "drain", value: {} } }, 0);
    const aged = setTimeout(drain, parts.ageMaxMs * (1 - AGE_SPREAD * Math.random())).unref();
    parts.draining.addEventListener("abort", drain, { signal: this.#closing.signal });
    if (parts.draining.aborted) drain();
    this.#closing.signal.addEventListener("abort", () => {
      clearTimeout(aged);
      deadlines[Symbol.dispose]();
      parts.count.closed();
    });
  }

  take(frames: readonly CallerFrame[]): void {
    this.#parts.count.received(frames.length);
    for (const { id, frame } of frames) {
      if (this.#closing.signal.aborted) return;
      if (frame?.$case === "open") {
        this.#open(id, frame.value);
        continue;
      }
      const invocation = this.#underWay.get(id);
      switch (frame?.$case) {
        case "body":
          invocation?.takeBody(frame.value);
          break;
        case "end":
          invocation?.endBody();
          break;
        case "credit":
          invocation?.addCredit(frame.value);
          break;
        case "cancel":
          invocation?.cancel(frame.value);
          break;
        case undefined:
          break;
      }
    }
  }

  callerEnded(): void {
    this.#hasCallerEnded = true;
    this.#endWhenDone();
  }

  broke(): void {
    this.#closing.abort();
    this.#sender.drop();
    for (const invocation of this.#underWay.values()) invocation.cancel({ isDeadlineOver: false });
  }

  #open(id: number, open: OpenFrame): void {
    if (id <= this.#lastId) {
      const error = new ServiceError("invalid_request", "Invocations of a stream are numbered from 1 up.", {
        field: "frames.id",
      });
      this.#breakWith(error);
      return;
    }
    this.#lastId = id;
    if (this.#underWay.size >= INVOCATIONS_MAX) {
      const error = new ServiceError("overloaded", `${INVOCATIONS_MAX} invocations are under way on the stream.`, {
        retryAfterMs: 1000,
      });
      this.#send(id, { $case: "end", value: { status: statusOf(error), trailers: [] } }, 0);
      return;
    }
    const invocation = new ServedInvocation(this.#parts, this.#seen, id);
    this.#underWay.set(id, invocation);
    void invocation.serve(open, this.#handle).finally(() => {
      this.#underWay.delete(id);
      this.#endWhenDone();
    });
  }

  #send(id: number, frame: NonNullable<GatewayFrame["frame"]>, bytes: number): void {
    if (this.#closing.signal.aborted) return;
    this.#sender.send({ id, frame }, bytes);
    if (!this.#sender.isUnread) return;
    this.#breakWith(new ServiceError("overloaded", "The caller opens invocations and does not read how they end."));
  }

  #breakWith(error: ServiceError): void {
    this.broke();
    this.#stream.emit("error", rpcFailureOf(error));
  }

  #endWhenDone(): void {
    if (!this.#hasCallerEnded || this.#underWay.size > 0 || this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#sender.end();
    this.#stream.end();
  }
}
