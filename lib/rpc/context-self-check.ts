import { once } from "node:events";
import { createServer } from "node:net";
import {
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { context } from "@opentelemetry/api";
import { callerContextOf, withCallerContext } from "../trace-context/caller-context.ts";
import { channelCredentials, channelOptions } from "./client.ts";

const PROBE = {
  probe: {
    path: "/twinspan.SelfCheck/Probe",
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: () => "probe",
    responseSerialize: (seen: string) => Buffer.from(seen),
    responseDeserialize: (bytes: Buffer) => bytes.toString(),
  },
} satisfies ServiceDefinition;

const CALLER = {
  traceId: "5e1fc4ec0000000000000000005e1fc4",
  spanId: "5e1fc4ec00000001",
  flags: 1,
  traceState: undefined,
  baggage: new Map<string, string>(),
};

/** The probe's answer is a trace id. */
const MESSAGE_BYTES_MAX = 1024;
/** How long the probe may take; it never leaves the machine. */
const PROBE_MS = 10_000;

/**
 * Proves that a caller's context travels through a gRPC call in this process: it makes one, to itself. The loader hook
 * that carries it fails without a word when it was registered too late, so every service runs this at start and refuses
 * to serve when it throws.
 */
export async function checkContextTravels(): Promise<void> {
  const server = new Server();
  const seen = () => callerContextOf(context.active())?.traceId ?? "nothing";
  server.addService(PROBE, {
    probe: (_call: unknown, callback: (error: null, seen: string) => void) => callback(null, seen()),
  });
  // Not grpc-js's own port, which a worker would share with the others: this is about this process.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const port = createServer((socket) => injector.injectConnection(socket));
  port.listen({ host: "127.0.0.1", port: 0, exclusive: true });
  await once(port, "listening");
  const bound = port.address();
  const address = `127.0.0.1:${typeof bound === "object" ? bound?.port : bound}`;
  const Client = makeGenericClientConstructor(PROBE, "twinspan.SelfCheck");
  const client = new Client(address, channelCredentials(), channelOptions(MESSAGE_BYTES_MAX));
  try {
    const arrived = await context.with(
      withCallerContext(context.active(), CALLER),
      () =>
        new Promise<string>((resolve, reject) => {
          client["probe"]?.(
            {},
            new Metadata(),
            { deadline: Date.now() + PROBE_MS },
            (error: Error | null, answer: string) => (error === null ? resolve(answer) : reject(error)),
          );
        }),
    );
    if (arrived !== CALLER.traceId) {
      throw new Error(
        "Trace context does not travel over gRPC in this process: registerTraceContext() must run before anything imports @grpc/grpc-js.",
      );
    }
  } finally {
    client.close();
    port.close();
    server.forceShutdown();
  }
}
