import type { ServerResponse } from "node:http";
import type { ServiceError as RpcError } from "@grpc/grpc-js";
import type { FastifyReply, FastifyRequest } from "fastify";
import { headersOf } from "#lib/rpc/header-list.ts";
import { serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import { ServiceError } from "#lib/service-error.ts";
import type { InvokeStreamResponse } from "#proto/twinspan/gateway/v1/gateway_service.ts";
import type { AnswerHead, Header } from "#proto/twinspan/gateway/v1/invocation.ts";
import { pathOf } from "../core/address.ts";
import { failureHeadersOf, plainHeadersOf, streamHeadersOf, traceNameIn } from "../core/answer-headers.ts";
import { errorDialectOf } from "../core/error-dialects.ts";
import type { AnswerCall, AnswerListener } from "../core/invocations.ts";
import type { StreamErrors } from "../core/stream-errors.ts";
import { GATEWAY } from "../peers/peers.ts";
import { sendError } from "./send-error.ts";
import type { SlowReader } from "./slow-reader.ts";

/**
 * Begins a call, and relays its answer to the HTTP response, piece by piece, byte for byte.
 *
 * - An answer that is one message goes out whole, with its length and timings; any other is a stream.
 * - While the socket is full the call is paused, which slows the gateway. Meanwhile at most 16 messages and one
 *   flow-control window (4 MiB) wait here; of a call on a stream with others, its credit (256 KiB).
 * - A client that takes nothing for too long is cut by `slow`.
 * - When the client hangs up the call is cancelled at once.
 * - A call that fails before its head is an error object of the path's dialect. One that fails in the middle of a
 *   stream ends with what `streamErrors` has for it; then the connection is broken, so that no reader takes what came
 *   for the whole answer.
 */
export function relayAnswer(
  begin: (listener: AnswerListener) => AnswerCall,
  request: FastifyRequest,
  { raw: response, responseEnd }: FastifyReply,
  streamErrors: StreamErrors,
  slow: SlowReader,
): void {
  const errors = () => errorDialectOf(pathOf(request.url), request.headers);
  let leading: readonly Header[] = [];
  let contentType = "";

  const onMetadata = (metadata: readonly Header[]) => {
    leading = metadata;
    request.traceName = traceNameIn(metadata) ?? "";
  };
  const forward = (chunk: Buffer) => {
    if (chunk.length === 0 || response.write(chunk)) return;
    call.pause();
    // Hears of room before more is written, which may fill the response again.
    slow.isFull();
    response.once("drain", () => call.resume());
  };
  const onMessage = (message: InvokeStreamResponse) => {
    if (response.writableEnded || response.destroyed) return;
    if (response.headersSent) {
      forward(message.chunk);
      return;
    }
    const head = checkedHead(message.head);
    if (head === undefined) {
      sendError(response, errors(), protocolError(), failureHeadersOf(leading, request.id));
      call.cancel();
      return;
    }
    if (message.summary !== undefined) {
      const { chunk, summary } = message;
      response.writeHead(head.status, plainHeadersOf(head, leading, request.id, summary, chunk.length)).end(chunk);
      return;
    }
    contentType = head.headers.find(({ name }) => name === "content-type")?.value.toLowerCase() ?? "";
    response.writeHead(head.status, streamHeadersOf(head, leading, request.id));
    // The head goes with the first bytes, if there are any yet.
    if (message.chunk.length === 0) response.flushHeaders();
    forward(message.chunk);
  };
  const onEnd = (failure: RpcError | undefined) => {
    if (response.destroyed || response.writableEnded) return;
    if (failure === undefined && response.headersSent) response.end();
    else if (failure === undefined) {
      sendError(response, errors(), protocolError(), failureHeadersOf(leading, request.id));
    } else if (response.headersSent) {
      const error = failureOf(failure);
      breakOff(response, streamErrors(error, contentType));
    } else {
      const trailers = headersOf(failure.metadata);
      const known = traceNameIn(trailers) === undefined ? leading : trailers;
      request.traceName = traceNameIn(known) ?? "";
      sendError(response, errors(), failureOf(failure), failureHeadersOf(known, request.id));
    }
  };

  const call = begin({ onMetadata, onMessage, onEnd });
  responseEnd.tell(() => {
    if (!response.writableFinished) call.cancel();
  });
  if (response.destroyed) call.cancel();
}

/** A head that HTTP can carry as an answer. Statuses below 200 only announce one. */
function checkedHead(head: AnswerHead | undefined): AnswerHead | undefined {
  return head !== undefined && head.status >= 200 && head.status <= 599 ? head : undefined;
}

function protocolError(): ServiceError {
  return new ServiceError("internal", "The gateway ended the call without an answer. Its log has the reason.");
}

/** A call that was cut, though this client is still there, was cut by the gateway or a drain: it may be tried again. */
function failureOf(error: RpcError): ServiceError {
  const failure = serviceErrorOfRpc(error, GATEWAY);
  if (failure.kind !== "cancelled") return failure;
  return new ServiceError("unavailable", "The gateway cut the call. Try again.", { cause: error, retryAfterMs: 1000 });
}

/** Breaks the connection when all that was written is out: what was written in this turn still waits in the response. */
function breakOff(response: ServerResponse, last: string | undefined): void {
  if (last === undefined) setImmediate(() => response.socket?.destroySoon());
  else response.write(last, () => response.destroy());
}
