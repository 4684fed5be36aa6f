import { type ServiceError as RpcError, status } from "@grpc/grpc-js";
import { type Command, InvalidArgumentError } from "commander";
import type { Config } from "#lib/config/schema.ts";
import { ServiceError } from "#lib/service-error.ts";
import { connectionOf } from "../connection.ts";
import { CliError, type CliIo } from "../io.ts";
import { describeFailure, failureOf, isRpcError } from "../rpc/connect.ts";
import { callGeneric } from "../rpc/generic-call.ts";
import { reflect } from "../rpc/reflect.ts";

const DEADLINE_MS = 60_000;
const DEADLINE_MS_MAX = 3_600_000;

interface RpcOptions {
  readonly metadata?: ReadonlyMap<string, string>;
  readonly deadline: number;
}

/** `twinspan rpc <service/method> [json]`: any RPC of a running service, by what it says of itself. */
export function addRpcCommand(program: Command, io: CliIo): void {
  program
    .command("rpc <service/method> [json]")
    .description("call any RPC of a running service, found by server reflection; answers are JSON, one a line")
    .option("--target <address>", "the service (default: the gateway or the trace-writer of the configuration)")
    .option("--metadata <key=value>", "metadata to send; may be repeated", collectMetadata)
    .option("--deadline <ms>", "how long the call may take, in milliseconds", parseDeadline, DEADLINE_MS)
    .addHelpText("after", HELP)
    .action(async (name: string, json: string | undefined, _options: unknown, command: Command) => {
      const [service = "", method = ""] = name.split("/");
      const request = parseRequest(json ?? "{}");
      const { metadata = new Map(), deadline } = command.optsWithGlobals<RpcOptions>();
      const connection = connectionOf(command, io, (ingress) => targetOf(service, ingress));
      const definitions = await reflect(connection, service, io.stop);
      try {
        const call = { connection, service, method, request, metadata, deadlineMs: deadline };
        for await (const answer of callGeneric(call, definitions, io.stop)) io.out(`${JSON.stringify(answer)}\n`);
      } catch (error) {
        throw isRpcError(error) ? new CliError(wordsOf(error, connection.target)) : error;
      }
    });
}

const HELP = `
Examples:
  twinspan rpc twinspan.gateway.v1.EndpointService/ListEndpoints
  twinspan rpc --target 127.0.0.1:7001 help    which services there are; with a service's name, its methods
  twinspan rpc twinspan.trace.v1.TraceReaderService/SearchTraces '{"pending":true}'
  twinspan rpc twinspan.gateway.v1.GatewayService/InvokeStream --metadata x-twinspan-experiment=mine \\
    '{"invocation":{"dialect":"DIALECT_OPENAI_CHAT","body":"'"$(base64 -w0 request.json)"'"}}'

Fields have the contract's names (proto/); bytes are base64, 64-bit integers are texts, enums go by name. A method that
takes a stream takes a JSON array.
`;

function targetOf(service: string, ingress: Config["ingress"]): string {
  const isGateways = ["twinspan.gateway.", "twinspan.inference."].some((prefix) => service.startsWith(prefix));
  return isGateways ? ingress.gateway.target : ingress.traceWriter;
}

/** What is told of a failure: the service's own kind and details where it gave any, else gRPC's code and words. */
function wordsOf(error: RpcError, target: string): string {
  const failure = failureOf(error, "the service", target);
  if (!(failure instanceof ServiceError)) return failure.message;
  const isTold = error.metadata.get("grpc-status-details-bin").length > 0;
  return isTold ? describeFailure(failure) : `${status[error.code]}: ${error.details}`;
}

function parseRequest(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "";
    throw new CliError(`The request is not JSON: ${why}. Put it in single quotes: '{"name":"demo"}'.`);
  }
}

function collectMetadata(pair: string, known?: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const match = /^([a-z0-9_.-]+)=(.*)$/i.exec(pair);
  if (match === null) throw new InvalidArgumentError("It must be key=value.");
  return new Map(known).set((match[1] ?? "").toLowerCase(), match[2] ?? "");
}

function parseDeadline(text: string): number {
  const ms = Number(text);
  if (Number.isInteger(ms) && ms >= 1 && ms <= DEADLINE_MS_MAX) return ms;
  throw new InvalidArgumentError(`It must be a whole number of milliseconds, from 1 to ${DEADLINE_MS_MAX}.`);
}
