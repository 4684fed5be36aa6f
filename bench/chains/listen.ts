import type { Server } from "node:net";

/** Listens on loopback at the port that is the first argument, and ends on SIGTERM at once. */
export function listenOnArgument(server: Server): void {
  server.listen(Number(process.argv[2]), "127.0.0.1");
  process.once("SIGTERM", () => process.exit(0));
}
