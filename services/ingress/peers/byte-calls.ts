import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  type ClientReadableStream,
  type Metadata,
} from "@grpc/grpc-js";
import { ask } from "./ask.ts";

/** Calls of a service whose messages are bytes, encoded and decoded elsewhere: nothing is read on the way. */
export class ByteCalls {
  readonly peer: string;
  readonly #client: Client;

  /** `peer` ("the gateway") names the service in errors. */
  constructor(peer: string, target: string, credentials: ChannelCredentials, options: ClientOptions) {
    this.peer = peer;
    this.#client = new Client(target, credentials, options);
  }

  /** Makes a unary call, and returns its answer. Throws a ServiceError. `deadline` is in milliseconds since the Unix epoch. */
  ask(path: string, request: Buffer, metadata: Metadata, deadline: number): Promise<Buffer> {
    return ask(this.peer, (callback) =>
      this.#client.makeUnaryRequest(path, asTheyAre, asTheyAre, request, metadata, { deadline }, callback),
    );
  }

  /** Begins a call that answers with a stream. It fails with grpc-js's errors. */
  follow(path: string, request: Buffer, metadata: Metadata, deadline: number): ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(path, asTheyAre, asTheyAre, request, metadata, { deadline });
  }
}

function asTheyAre(bytes: Buffer): Buffer {
  return bytes;
}
