import type { Server } from "node:net";
import type { ServiceLoad } from "./service-load.ts";

/**
 * Closes connections as they come while as many are open as `load` says, and counts them. A worker does that too,
 * rather than have one handed on from worker to worker that has no room anywhere (Node's `dropMaxConnection`, which its
 * types lack).
 */
export function limitConnections(
  server: Server,
  load: Pick<ServiceLoad, "connectionsMax" | "connectionRefused">,
): void {
  Object.assign(server, { maxConnections: load.connectionsMax, dropMaxConnection: true });
  server.on("drop", load.connectionRefused);
}
