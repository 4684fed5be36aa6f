import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A real HTTP server on loopback that answers every request with the same bytes, for SDKs to read. */
export interface CannedServer extends AsyncDisposable {
  readonly url: string;
  answer: { readonly status: number; readonly contentType: string; readonly body: Buffer };
}

/** Starts it. */
export async function startCannedServer(): Promise<CannedServer> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const { status, contentType, body } = canned.answer;
      response.writeHead(status, { "content-type": contentType });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const canned: CannedServer = {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    answer: { status: 500, contentType: "text/plain", body: Buffer.alloc(0) },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return canned;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
