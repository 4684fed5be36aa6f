import { readFileSync } from "node:fs";
import {
  createFileRegistry,
  type DescMethod,
  fromBinary,
  fromJsonString,
  type Registry,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { ServiceError } from "../service-error.ts";

/** The contracts as `make generate` wrote them. */
const IMAGE = new URL("../../gen/image.binpb", import.meta.url);
/** How much of the reason is told why a text is not the message. */
const REASON_CHARACTERS_MAX = 300;

/** A method of the contracts, for those who know it by its name only. Its messages are bytes to them, or protobuf's JSON. */
export interface ContractMethod {
  /** As gRPC has it: `/twinspan.trace.v1.TraceReaderService/GetTrace`. */
  readonly path: string;
  /** Whether it answers with a stream. */
  readonly streams: boolean;
  /** The encoded request that a JSON text is. One that is none throws `invalid_request` with the place and the reason. */
  requestOf(json: Buffer): Buffer;
  /** The JSON text of an encoded answer. */
  answerJson(answer: Uint8Array): string;
}

/** Reads the contracts. The function it returns lists the methods of a service; it throws an Error where there is none. */
export function readContracts(): (service: string) => readonly ContractMethod[] {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(IMAGE)));
  return (name) => {
    const service = registry.getService(name);
    if (service === undefined) throw new Error(`the contracts have no service ${name}`);
    return service.methods.map((method) => methodOf(method, registry));
  };
}

function methodOf(method: DescMethod, registry: Registry): ContractMethod {
  const { input, output } = method;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    streams: method.methodKind === "server_streaming",
    requestOf: (json) => {
      try {
        return Buffer.from(toBinary(input, fromJsonString(input, json.toString("utf8"), { registry })));
      } catch (cause) {
        throw new ServiceError("invalid_request", notTheMessage(input.typeName, cause), { cause });
      }
    },
    answerJson: (answer) => toJsonString(output, fromBinary(output, answer), { registry }),
  };
}

function notTheMessage(type: string, cause: unknown): string {
  const reason = cause instanceof Error ? cause.message.slice(0, REASON_CHARACTERS_MAX) : "it cannot be read";
  return `The body is not a ${type} in protobuf's JSON: ${reason}.`;
}
