import { setImmediate as turn } from "node:timers/promises";
import { Metadata } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { createLogger } from "#lib/logger.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { serverStreaming, unary } from "#lib/rpc/handler.ts";
import { startRpcServer } from "#lib/rpc/server.ts";
import {
  GatewayServiceClient,
  GatewayServiceService,
  type InvokeRequest,
  type InvokeResponse,
  type InvokeStreamRequest,
  type InvokeStreamResponse,
} from "#proto/twinspan/gateway/v1/gateway_service.ts";
import { until } from "../../../tools/until.ts";
import { openDoor } from "../../system/open-door.ts";

const MiB = 1024 * 1024;
/** One flow-control window, what sockets hold, and the messages in between. */
const HELD_BYTES_MAX = 24 * MiB;
const STALL_MS = 400;

/** A server whose streams have no end, and whose whole answers fail. */
async function startServer() {
  const logged: string[] = [];
  const log = createLogger("test", "info", { write: (line) => void logged.push(line) });
  const streamed = { bytes: 0, reason: "" };
  const server = await startRpcServer({
    door: openDoor(),
    listen: "127.0.0.1:0",
    services: [
      {
        name: "twinspan.gateway.v1.GatewayService",
        definition: GatewayServiceService,
        implementation: {
          invoke: unary<InvokeRequest, InvokeResponse>(log, async () => {
            throw new TypeError("a fault of ours");
          }),
          invokeStream: serverStreaming<InvokeStreamRequest, InvokeStreamResponse>(
            log,
            async function* (_request, { signal }) {
              const chunk = Buffer.alloc(64 * 1024);
              try {
                for (;;) {
                  await turn();
                  streamed.bytes += chunk.length;
                  yield { head: undefined, chunk, summary: undefined };
                }
              } finally {
                streamed.reason = signal.reason instanceof Error ? signal.reason.message : "none";
              }
            },
            STALL_MS,
          ),
        },
      },
    ],
    messageBytesMax: MiB,
    drainMs: 50,
  });
  const client = new GatewayServiceClient(server.address, channelCredentials(), channelOptions(MiB));
  return {
    client,
    logged,
    streamed,
    async [Symbol.asyncDispose]() {
      client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("a reader that stands still stops the source, and is given up in the end", async () => {
  await using run = await startServer();
  const call = run.client.invokeStream({ invocation: undefined });
  call.on("error", () => {});
  // Not before the first message: until then grpc-js takes whatever comes.
  call.once("data", () => call.pause());
  await until("the caller is given up", () => run.streamed.reason === "The caller stopped reading its answer.");
  expect(run.streamed.bytes).toBeLessThan(HELD_BYTES_MAX);
  call.cancel();
});

test("a fault of ours is told without detail, and logged under the request's id", async () => {
  await using run = await startServer();
  const metadata = new Metadata();
  metadata.set("x-request-id", "the-request");
  const details = await new Promise<string>((resolve) => {
    run.client.invoke({ invocation: undefined }, metadata, (error) => resolve(error?.details ?? "no error"));
  });
  expect(details).toBe("Something went wrong in twinspan. The log has it under this request's id.");
  expect(run.logged.map((line): unknown => JSON.parse(line))).toMatchObject([
    { msg: "rpc failed", requestId: "the-request", err: { message: "a fault of ours" } },
  ]);
});
