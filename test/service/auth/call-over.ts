import { Client, Metadata } from "@grpc/grpc-js";
import type { Connection } from "../../../cli/connection.ts";

/** Makes an RPC without anything in its request, and waits for its end, whatever that is. */
export async function callOver({ target, credentials, options }: Connection, path: string): Promise<void> {
  const client = new Client(target, credentials, options);
  const asTheyAre = (bytes: Buffer) => bytes;
  try {
    await new Promise<void>((resolve) => {
      const deadline = Date.now() + 20_000;
      client.makeUnaryRequest(path, asTheyAre, asTheyAre, Buffer.alloc(0), new Metadata(), { deadline }, () =>
        resolve(),
      );
    });
  } finally {
    client.close();
  }
}
