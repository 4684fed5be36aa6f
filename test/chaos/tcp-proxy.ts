import { once } from "node:events";
import { createServer, type Socket, connect as startConnection } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What a link does to the bytes that pass. */
export type Weather =
  | { readonly kind: "fair" }
  /** Every piece takes so much longer. */
  | { readonly kind: "delayed"; readonly ms: number }
  /** Nothing arrives, and nobody is told. When it is over, both ends of the connections that lost bytes are reset. */
  | { readonly kind: "silent" }
  /** Of the next piece of each connection half arrives, then both ends are reset. */
  | { readonly kind: "halving" };

/** A link between two services that can be made worse. Disposing of it cuts it. */
export interface TcpProxy extends AsyncDisposable {
  /** Where it listens: `127.0.0.1:…`. */
  readonly address: string;
  /** What it does from now on. */
  setWeather(weather: Weather): void;
  /** Resets all connections there are, at both ends. */
  reset(): void;
}

interface Connection {
  readonly ends: readonly [Socket, Socket];
  /** Whether bytes of it were swallowed: it can never be whole again. */
  isLost: boolean;
}

/** Starts one on loopback, in front of `target` (`host:port`). A target that is not there costs its callers their connection. */
export async function startTcpProxy(target: string, port = 0): Promise<TcpProxy> {
  const colon = target.lastIndexOf(":");
  const connections = new Set<Connection>();
  let weather: Weather = { kind: "fair" };

  const server = createServer({ noDelay: true }, (near) => {
    const far = startConnection({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)), noDelay: true });
    const connection: Connection = { ends: [near, far], isLost: false };
    connections.add(connection);
    void Promise.all([carry(connection, near, far), carry(connection, far, near)]).finally(() =>
      connections.delete(connection),
    );
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();

  /** Carries one direction to its end, however that comes. */
  async function carry(connection: Connection, from: Socket, to: Socket): Promise<void> {
    to.on("error", () => resetBoth(connection));
    try {
      for await (const piece of from) await pass(connection, piece, to);
      to.end();
    } catch {
      // A broken connection breaks at both ends: that is all that a wire can tell.
      resetBoth(connection);
    }
  }

  async function pass(connection: Connection, piece: Buffer, to: Socket): Promise<void> {
    switch (weather.kind) {
      case "fair":
        return write(to, piece);
      case "delayed":
        await delay(weather.ms);
        return write(to, piece);
      case "silent":
        connection.isLost = true;
        return;
      case "halving":
        await write(to, piece.subarray(0, Math.ceil(piece.length / 2)));
        resetBoth(connection);
    }
  }

  return {
    address: `127.0.0.1:${typeof bound === "object" ? bound?.port : 0}`,
    setWeather(next) {
      weather = next;
      for (const connection of connections) if (connection.isLost) resetBoth(connection);
    },
    reset() {
      for (const connection of connections) resetBoth(connection);
    },
    async [Symbol.asyncDispose]() {
      for (const connection of connections) resetBoth(connection);
      server.close();
      await once(server, "close");
    },
  };
}

async function write(to: Socket, piece: Buffer): Promise<void> {
  if (!to.destroyed && !to.write(piece)) await Promise.race([once(to, "drain"), once(to, "close")]);
}

function resetBoth({ ends }: Connection): void {
  for (const end of ends) end.resetAndDestroy();
}
