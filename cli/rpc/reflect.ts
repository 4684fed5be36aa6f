import { once } from "node:events";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { loadFileDescriptorSetFromBuffer, type PackageDefinition } from "@grpc/proto-loader";
import {
  ServerReflectionClient,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "#proto/grpc/reflection/v1/reflection.ts";
import type { Connection } from "../connection.ts";
import { CliError } from "../io.ts";
import { failureOf, isRpcError, RPC_MS } from "./connect.ts";

/** The field of google.protobuf.FileDescriptorSet that holds its files, with its wire type. */
const FILE_TAG = (1 << 3) | 2;

/**
 * Everything a running service says of itself by server reflection: its messages and methods, by full name. Names the
 * services it has when the one asked for is not among them.
 */
export async function reflect(connection: Connection, service: string, stop: AbortSignal): Promise<PackageDefinition> {
  const answer = await askReflection(connection, { $case: "fileContainingSymbol", value: service }, stop);
  if (answer?.$case !== "fileDescriptorResponse") {
    const list = await askReflection(connection, { $case: "listServices", value: "" }, stop);
    const have = list?.$case === "listServicesResponse" ? list.value.service.map(({ name }) => name).join(", ") : "";
    throw new CliError(`${connection.target} has no service "${service}" (it has: ${have || "none that it names"}).`);
  }
  const set = new BinaryWriter();
  for (const file of answer.value.fileDescriptorProto) set.uint32(FILE_TAG).bytes(file);
  // Texts for what JSON cannot hold: 64-bit integers in digits, bytes in base64, enums by name.
  const shapes = { longs: String, enums: String, bytes: String, oneofs: false, defaults: false };
  return loadFileDescriptorSetFromBuffer(Buffer.from(set.finish()), shapes);
}

async function askReflection(
  { target, credentials, options }: Connection,
  messageRequest: ServerReflectionRequest["messageRequest"],
  signal: AbortSignal,
): Promise<ServerReflectionResponse["messageResponse"]> {
  const client = new ServerReflectionClient(target, credentials, options);
  try {
    const stream = client.serverReflectionInfo({ deadline: Date.now() + RPC_MS });
    // The first failure is thrown below; closing the client in mid-call makes another, which nobody waits for.
    stream.on("error", () => {});
    stream.write({ host: "", messageRequest });
    stream.end();
    const [response]: ServerReflectionResponse[] = await once(stream, "data", { signal });
    return response?.messageResponse;
  } catch (error) {
    if (signal.aborted) throw new CliError("stopped");
    throw isRpcError(error) ? failureOf(error, "the service", target) : error;
  } finally {
    client.close();
  }
}
