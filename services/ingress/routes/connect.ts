import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { answerStream, refuseStream } from "../answer/answer-stream.ts";
import { gzipped } from "../answer/gzipped.ts";
import { readBody } from "../body/read-body.ts";
import { decompressed, readEncodedBody } from "../body/read-encoded-body.ts";
import { onlyMessageOf } from "../core/connect/connect-envelope.ts";
import {
  codecOf,
  contentTypesOf,
  type MessageCodec,
  requireVersion,
  timeoutMsOf,
} from "../core/connect/connect-request.ts";
import { takesEncoding } from "../core/content.ts";
import type { IngressParts } from "../ingress-parts.ts";
import { createMethodCaller, type MethodCall, type OpenMethod, openMethods } from "./contract-methods.ts";

/** The largest request to a method, before and after decompression: gRPC's usual bound. */
const LIMIT = { bytesMax: 4 * 1024 * 1024, setting: "the bound of such requests" };

/**
 * `POST /{package}.{Service}/{Method}`: the contracts of the readers and of the endpoints by the Connect protocol
 * (https://connectrpc.com/docs/protocol), for the console, for curl, and for any Connect client. Messages in protobuf
 * go through as bytes.
 */
export function routeConnect(app: FastifyInstance, parts: IngressParts): void {
  const caller = createMethodCaller(parts);
  for (const method of openMethods()) {
    const contentTypes = Array.from(contentTypesOf(method.streams).keys()).join(", ");
    app.post(method.path, async (request, reply) => {
      const codec = codecOf(request.headers, method.streams);
      if (codec === undefined) return reply.code(415).header("accept-post", contentTypes).send();
      if (method.streams) await stream(request, reply, method, codec);
      else await unary(request, reply, method, codec);
      return reply;
    });
  }

  async function unary(request: FastifyRequest, reply: FastifyReply, method: OpenMethod, codec: MessageCodec) {
    requireVersion(request.headers);
    const timeoutMs = timeoutMsOf(request.headers);
    const held = parts.bodies.hold(reply);
    const body = await readEncodedBody(request.raw, held, LIMIT);
    const answer = await caller.ask(request, { method, message: messageOf(body, method, codec), timeoutMs });
    const written = codec === "json" ? Buffer.from(method.answerJson(answer)) : answer;
    const compressed = takesEncoding(request.headers["accept-encoding"], "gzip") ? await gzipped(written) : undefined;
    if (compressed !== undefined) reply.header("content-encoding", "gzip");
    reply
      .header("vary", "accept-encoding")
      .type(`application/${codec}`)
      .send(compressed ?? written);
  }

  async function stream(request: FastifyRequest, reply: FastifyReply, method: OpenMethod, codec: MessageCodec) {
    const answer = {
      contentType: `application/connect+${codec}`,
      requestId: request.id,
      isGzipped: takesEncoding(request.headers["connect-accept-encoding"], "gzip"),
      peer: parts.peers.bytes[method.peer].peer,
      write:
        codec === "json" ? (message: Buffer) => Buffer.from(method.answerJson(message)) : (message: Buffer) => message,
      draining: parts.draining,
    };
    reply.hijack();
    try {
      const call = await streamCallOf(request, reply, method, codec);
      await answerStream(caller.follow(request, call), reply, answer);
    } catch (thrown) {
      refuseStream(thrown, reply.raw, answer);
    }
  }

  async function streamCallOf(
    request: FastifyRequest,
    reply: FastifyReply,
    method: OpenMethod,
    codec: MessageCodec,
  ): Promise<MethodCall> {
    requireVersion(request.headers);
    const timeoutMs = timeoutMsOf(request.headers);
    const held = parts.bodies.hold(reply);
    const { isCompressed, message } = onlyMessageOf(await readBody(request.raw, held, LIMIT.bytesMax, LIMIT.setting));
    const encoding = request.headers["connect-content-encoding"];
    const plain = isCompressed ? await decompressed(message, `${encoding ?? "identity"}`, held, LIMIT) : message;
    return { method, message: messageOf(plain, method, codec), timeoutMs };
  }
}

function messageOf(body: Buffer, method: OpenMethod, codec: MessageCodec): Buffer {
  return codec === "json" ? method.requestOf(body) : body;
}
