import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { startProviderPool } from "./ask-provider.ts";
import { chainService, requestOf } from "./unary-contract.ts";

/*
 * The second process of U, `node unary-gateway.ts <port> <provider's port>`: gRPC in, HTTP out over undici. Whole
 * answers are one message, streams a message for each chunk.
 */

const ask = startProviderPool(Number(process.argv[3]));
const server = new Server();
server.addService(chainService, { invoke, invokeStream });
server.bindAsync(`127.0.0.1:${process.argv[2]}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});
process.once("SIGTERM", () => process.exit(0));

function invoke(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void {
  const { path, body } = requestOf(call.request);
  const pieces: Buffer[] = [];
  ask(path, body, {
    begin() {},
    data: (piece) => void pieces.push(piece),
    end: () => answer(null, Buffer.concat(pieces)),
    fail: ({ message }) => answer({ code: status.UNAVAILABLE, details: message }),
  });
}

function invokeStream(call: ServerWritableStream<Buffer, Buffer>): void {
  const { path, body } = requestOf(call.request);
  ask(path, body, {
    begin() {},
    data: (piece) => void call.write(piece),
    end: () => call.end(),
    fail: (error) => call.destroy(error),
  });
}
