import { createServer, type ServerResponse } from "node:http";
import { type AnswerSink, startProviderPool } from "./ask-provider.ts";
import { collectBody } from "./collect-body.ts";
import { listenOnArgument } from "./listen.ts";

/*
 * P, `node proxy.ts <port> <provider's port>`: the least that a proxy in Node can be. One process, node:http on the one
 * side and undici on the other, bytes handed on as they come.
 */

const ask = startProviderPool(Number(process.argv[3]));

listenOnArgument(
  createServer((request, response) => {
    collectBody(request, (body) => ask(request.url ?? "/", body, answerOn(response)));
  }),
);

function answerOn(response: ServerResponse): AnswerSink {
  return {
    begin(status, headers) {
      const length = headers["content-length"];
      response.writeHead(status, {
        "content-type": String(headers["content-type"]),
        ...(length === undefined ? {} : { "content-length": String(length) }),
      });
    },
    data: (piece) => void response.write(piece),
    end: () => void response.end(),
    fail: () => void response.destroy(),
  };
}
