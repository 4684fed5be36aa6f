import { readFileSync } from "node:fs";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import {
  ServerReflectionService as ReflectionV1,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "#proto/grpc/reflection/v1/reflection.ts";
import { ServerReflectionService as ReflectionV1Alpha } from "#proto/grpc/reflection/v1alpha/reflection.ts";

/** A file of the contracts: its serialized descriptor, what it imports, and the symbols it declares. */
interface File {
  readonly name: string;
  readonly bytes: Buffer;
  readonly imports: readonly string[];
  readonly symbols: readonly string[];
}

/** Looks up files by name and by the symbols they declare. */
interface Files {
  readonly byName: ReadonlyMap<string, File>;
  readonly bySymbol: ReadonlyMap<string, File>;
}

const IMAGE = new URL("../../gen/image.binpb", import.meta.url);

/**
 * Server reflection, v1 and v1alpha, for the services of that names. Descriptors are served as `buf build` wrote them:
 * those that proto-loader rebuilds have lost their file names and imports, and real clients refuse them.
 */
export function createReflection(services: readonly string[]) {
  const files = readFiles(readFileSync(IMAGE));
  const serverReflectionInfo = (call: ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>) => {
    call.on("data", (request: ServerReflectionRequest) => call.write(answerOf(request, services, files)));
    call.on("end", () => call.end());
    call.on("error", () => call.end());
  };
  return [
    { service: ReflectionV1, implementation: { serverReflectionInfo } },
    { service: ReflectionV1Alpha, implementation: { serverReflectionInfo } },
  ] as const;
}

function answerOf(
  request: ServerReflectionRequest,
  services: readonly string[],
  files: Files,
): ServerReflectionResponse {
  return { validHost: request.host, originalRequest: request, messageResponse: responseOf(request, services, files) };
}

function responseOf(
  { messageRequest }: ServerReflectionRequest,
  services: readonly string[],
  files: Files,
): ServerReflectionResponse["messageResponse"] {
  switch (messageRequest?.$case) {
    case "listServices":
      return {
        $case: "listServicesResponse",
        value: { service: services.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return fileResponseOf(files.byName.get(messageRequest.value), messageRequest.value, files);
    case "fileContainingSymbol":
      return fileResponseOf(files.bySymbol.get(messageRequest.value), messageRequest.value, files);
    case "allExtensionNumbersOfType":
      return {
        $case: "allExtensionNumbersResponse",
        value: { baseTypeName: messageRequest.value, extensionNumber: [] },
      };
    case "fileContainingExtension":
      return notFound(`${messageRequest.value.containingType} has no extensions`);
    default:
      return {
        $case: "errorResponse",
        value: { errorCode: status.INVALID_ARGUMENT, errorMessage: "the request asks nothing" },
      };
  }
}

function fileResponseOf(
  file: File | undefined,
  asked: string,
  files: Files,
): ServerReflectionResponse["messageResponse"] {
  if (file === undefined) return notFound(`${asked} is not known here`);
  const fileDescriptorProto = withImports(file, files).map(({ bytes }) => bytes);
  return { $case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function notFound(errorMessage: string): ServerReflectionResponse["messageResponse"] {
  return { $case: "errorResponse", value: { errorCode: status.NOT_FOUND, errorMessage } };
}

function withImports(file: File, files: Files, seen = new Set<File>()): readonly File[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const imports = file.imports.map((name) => files.byName.get(name)).filter((found) => found !== undefined);
  return [file, ...imports.flatMap((found) => withImports(found, files, seen))];
}

/** The files of a serialized google.protobuf.FileDescriptorSet. */
function readFiles(image: Buffer): Files {
  const files = fieldsOf(image)
    .filter(({ field }) => field === 1)
    .map(({ bytes }) => readFile(bytes));
  return {
    byName: new Map(files.map((file) => [file.name, file])),
    bySymbol: new Map(files.flatMap((file) => file.symbols.map((symbol) => [symbol, file]))),
  };
}

/** The fields of google.protobuf.FileDescriptorProto that reflection needs. */
const FILE = { name: 1, package: 2, dependency: 3, message: 4, enum: 5, service: 6 } as const;
/** The field of every descriptor that holds its own name. */
const NAME = 1;
/** Which fields of a descriptor hold declarations of their own, and what those hold in turn. */
interface Shape {
  readonly [field: number]: Shape;
}
const LEAF: Shape = {};
/** DescriptorProto: nested messages, whose shape is its own, and enums. */
const MESSAGE: Shape = {
  get 3() {
    return MESSAGE;
  },
  4: LEAF,
};
/** ServiceDescriptorProto: methods. */
const SERVICE: Shape = { 2: LEAF };

function readFile(bytes: Buffer): File {
  const fields = fieldsOf(bytes);
  const texts = (number: number) =>
    fields.filter(({ field }) => field === number).map((found) => found.bytes.toString());
  const parts = (number: number) => fields.filter(({ field }) => field === number).map((found) => found.bytes);
  const [scope = ""] = texts(FILE.package);
  const symbols = [
    ...parts(FILE.message).flatMap((message) => symbolsOf(message, scope, MESSAGE)),
    ...parts(FILE.enum).flatMap((found) => symbolsOf(found, scope, LEAF)),
    ...parts(FILE.service).flatMap((service) => symbolsOf(service, scope, SERVICE)),
  ];
  return { name: texts(FILE.name)[0] ?? "", bytes, imports: texts(FILE.dependency), symbols };
}

/** The fully-qualified name of a declaration, and of those it holds. */
function symbolsOf(bytes: Buffer, scope: string, shape: Shape): readonly string[] {
  const fields = fieldsOf(bytes);
  const name = fields.find(({ field }) => field === NAME)?.bytes.toString() ?? "";
  const symbol = scope === "" ? name : `${scope}.${name}`;
  const inner = fields.flatMap((found) => {
    const child = shape[found.field];
    return child === undefined ? [] : symbolsOf(found.bytes, symbol, child);
  });
  return [symbol, ...inner];
}

/** The length-delimited fields of a message, in order. */
function fieldsOf(bytes: Buffer): readonly { readonly field: number; readonly bytes: Buffer }[] {
  const reader = new BinaryReader(bytes);
  const fields: { field: number; bytes: Buffer }[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === 2) fields.push({ field, bytes: Buffer.from(reader.bytes()) });
    else reader.skip(wireType);
  }
  return fields;
}
