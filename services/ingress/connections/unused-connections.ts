import type { Server } from "node:http";
import type { Socket } from "node:net";

/** The connections over which nothing was asked yet. */
export interface UnusedConnections {
  /** Closes them, and those that are still to come. Nobody waits for an answer there, though Node takes them for busy. */
  close(): void;
}

/** Keeps track of a server's unused connections: browsers, load balancers and HTTP clients open some to have them ready. */
export function watchUnusedConnections(server: Server): UnusedConnections {
  const unused = new Map<string, Socket>();
  let isClosed = false;
  server.on("connection", (socket: Socket) => {
    if (isClosed) socket.destroy();
    const key = keyOf(socket);
    unused.set(key, socket);
    socket.once("close", () => unused.delete(key));
  });
  server.on("request", ({ socket }) => {
    if (unused.size > 0) unused.delete(keyOf(socket));
  });
  return {
    close() {
      isClosed = true;
      for (const socket of unused.values()) socket.destroy();
    },
  };
}

/** A request that came by TLS has another socket than its connection. What they have in common is where they come from. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
