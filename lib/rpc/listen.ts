import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { Server, ServerCredentials } from "@grpc/grpc-js";
import { listenErrorOf } from "../listen-error.ts";
import { limitConnections } from "../load/limit-connections.ts";
import type { ServiceLoad } from "../load/service-load.ts";

/** A port whose connections go to a gRPC server. */
export interface RpcPort {
  /** The address it is bound to, with the port it got. */
  readonly address: string;
  /** Takes no further connections. Resolves when those there are have ended; past `drainMs` they are cut. */
  close(drainMs: number): Promise<void>;
}

/** So long after the sessions connections are cut that have not become any, in milliseconds. */
const HANDSHAKES_MS = 100;

/**
 * Takes connections on `host:port` for a gRPC server, at most as many at once as `load` says. grpc-js would take them
 * by itself, but any number. Fails with one line that says what to do when the address cannot be had.
 */
export async function listenFor(
  server: Server,
  credentials: ServerCredentials,
  listen: string,
  load: Pick<ServiceLoad, "connectionsMax" | "connectionRefused"> | undefined,
): Promise<RpcPort> {
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon);
  const injector = server.createConnectionInjector(credentials);
  const open = new Set<Socket>();
  const port = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    // A connection that breaks before it is HTTP/2's: whoever made it knows.
    socket.on("error", () => socket.destroy());
    injector.injectConnection(socket);
  });
  if (load !== undefined) limitConnections(port, load);
  port.listen(Number(listen.slice(colon + 1)), host.replace(/^\[(.*)\]$/, "$1"));
  try {
    await once(port, "listening");
  } catch (error) {
    throw error instanceof Error ? listenErrorOf(error, listen) : error;
  }
  const bound = port.address();
  return {
    address: `${host}:${typeof bound === "object" && bound !== null ? bound.port : 0}`,
    async close(drainMs) {
      const closed = once(port, "close");
      port.close();
      // Sessions first: their calls hear that they are cut before anyone hears that the port is closed.
      const cut = setTimeout(() => injector.drain(0), drainMs);
      const cutHandshakes = setTimeout(() => {
        for (const socket of open) socket.destroy();
      }, drainMs + HANDSHAKES_MS);
      await closed;
      clearTimeout(cut);
      clearTimeout(cutHandshakes);
    },
  };
}
