import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { listenErrorOf } from "./listen-error.ts";
import type { ServiceReport } from "./service-report.ts";

/** The operators' HTTP port of a service that speaks gRPC: `/metrics`, `/healthz`, `/readyz`. */
export interface OpsServer extends AsyncDisposable {
  /** The address it is bound to, with the port it got. */
  readonly address: string;
}

/** Starts it on `host:port`; port 0 takes a free one. */
export async function startOpsServer(listen: string, report: ServiceReport): Promise<OpsServer> {
  const [host = "127.0.0.1", port = "0"] = splitAt(listen, listen.lastIndexOf(":"));
  const server = createServer((request, response) => {
    answer(request.url ?? "/", response, report).catch((error: unknown) => {
      sendJson(response, 500, { error: error instanceof Error ? error.message : String(error) });
    });
  });
  server.listen(Number(port), host.replace(/^\[(.*)\]$/, "$1"));
  try {
    await once(server, "listening");
  } catch (error) {
    throw error instanceof Error ? listenErrorOf(error, listen) : error;
  }
  const bound = server.address();
  return {
    address: `${host}:${typeof bound === "object" && bound !== null ? bound.port : port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(url: string, response: ServerResponse, report: ServiceReport): Promise<void> {
  switch (url.split("?", 1)[0]) {
    case "/metrics": {
      const text = await report.metrics();
      response.setHeader("content-type", report.contentType).end(text);
      return;
    }
    case "/healthz":
      sendJson(response, 200, { status: "ok" });
      return;
    case "/readyz": {
      const { ready, degraded } = await report.readiness();
      sendJson(response, ready ? 200 : 503, { status: ready ? "ready" : "not ready", degraded });
      return;
    }
    default:
      sendJson(response, 404, { error: "not found: /metrics, /healthz and /readyz are here" });
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

function splitAt(text: string, index: number): readonly [string, string] {
  return [text.slice(0, index), text.slice(index + 1)];
}
