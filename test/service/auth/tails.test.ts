import { Metadata, type ServiceError as RpcError } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import { TraceReaderServiceClient } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { until } from "../../../tools/until.ts";
import { keyFor, startKeyedServices } from "../../system/keyed-services.ts";

const PLACES = 100;
const ALL = { experimentIds: [], pending: true, filter: "", resumeToken: "" };

test("a workspace that follows with all tails there are loses one to a workspace that has none, and gets no more", async () => {
  const [busy, quiet] = [keyFor("busy", ["read-traces"]), keyFor("quiet", ["read-traces"], { workspace: "quiet" })];
  await using services = await startKeyedServices({
    workspaces: [{ name: "quiet" }],
    auth: { keys: [busy.line, quiet.line] },
  });
  using stack = new DisposableStack();
  const client = new TraceReaderServiceClient(services.traceWriter.address, channelCredentials(), channelOptions(1e6));
  stack.defer(() => client.close());
  /** Follows until it fails, and says how it did. */
  const follow = ({ key }: { readonly key: string }) => {
    const metadata = new Metadata();
    metadata.set("x-twinspan-key", key);
    const stream = client.tailTraces(ALL, metadata);
    stack.defer(() => stream.destroy());
    const tail: { messages: number; failure?: string } = { messages: 0 };
    stream.on("data", () => {
      tail.messages += 1;
    });
    stream.on("error", (error: RpcError) => {
      tail.failure = serviceErrorOfRpc(error, "the trace-writer").kind;
    });
    return tail;
  };
  const tails = Array.from({ length: PLACES }, () => follow(busy));
  await until("all follow", () => tails.every(({ messages }) => messages > 0));
  const other = follow(quiet);
  await until("the other follows too", () => other.messages > 0);
  await until("one has ended", () => tails.some(({ failure }) => failure !== undefined));
  const again = follow(busy);
  await until("it is told so", () => again.failure);
  expect(tails.flatMap(({ failure }) => failure ?? [])).toEqual(["overloaded"]);
  expect([again.failure, other.failure]).toEqual(["overloaded", undefined]);
});
