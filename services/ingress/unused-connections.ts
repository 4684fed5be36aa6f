import type { Server } from "node:http";
import type { Socket } from "node:net";

/** The connections over which nothing was asked yet. */
export interface UnusedConnections {
  /** Closes them, and those that are still to come. Nobody waits for an answer there, though Node takes them for busy. */
  close(): void;
}

/** Keeps track of a server's unused connections: browsers, load balancers and HTTP clients open some to have them ready. */
export function watchUnusedConnections(server: Server): UnusedConnections {
  const unused = new Set<Socket>();
  let isClosed = false;
  server.on("connection", (socket: Socket) => {
    if (isClosed) socket.destroy();
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  server.on("request", ({ socket }) => unused.delete(socket));
  return {
    close() {
      isClosed = true;
      for (const socket of unused) socket.destroy();
    },
  };
}
