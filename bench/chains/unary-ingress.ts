import { createServer, type ServerResponse } from "node:http";
import { Client, credentials } from "@grpc/grpc-js";
import { collectBody } from "./collect-body.ts";
import { listenOnArgument } from "./listen.ts";
import { asTheyAre, INVOKE, INVOKE_STREAM, messageOf } from "./unary-contract.ts";

/*
 * The first process of U, `node unary-ingress.ts <port> <the second one's port>`: HTTP in, a gRPC call of its own for
 * each request out, over grpc-js as it comes. No traces, no keys.
 */

const client = new Client(`127.0.0.1:${process.argv[3]}`, credentials.createInsecure());

listenOnArgument(
  createServer((request, response) => {
    const path = request.url ?? "/";
    collectBody(request, (body) => {
      if (path.startsWith("/plain/")) answerWhole(messageOf(path, body), response);
      else answerStream(messageOf(path, body), response);
    });
  }),
);

function answerWhole(message: Buffer, response: ServerResponse): void {
  client.makeUnaryRequest(INVOKE, asTheyAre, asTheyAre, message, (error, answer) => {
    if (error !== null || answer === undefined) {
      response.writeHead(502).end();
      return;
    }
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
    response.end(answer);
  });
}

function answerStream(message: Buffer, response: ServerResponse): void {
  const call = client.makeServerStreamRequest(INVOKE_STREAM, asTheyAre, asTheyAre, message);
  response.writeHead(200, { "content-type": "text/event-stream" });
  call.on("data", (piece: Buffer) => response.write(piece));
  call.on("end", () => response.end());
  call.on("error", () => response.destroy());
}
