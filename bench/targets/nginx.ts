import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { freePorts } from "../../tools/free-ports.ts";
import { unpackedDebianPackage } from "../../tools/packages/unpacked-debian-package.ts";
import { listensAt, startProcess } from "../processes.ts";
import { plainTarget } from "./proxies.ts";
import type { Target } from "./target.ts";

/** Starts nginx as a proxy before the provider: the one that is installed, else Debian's. Rejects where neither can be had. */
export async function startNginx(providerPort: number, directory: string): Promise<Target> {
  const command = await programOf();
  const [port = 0] = await freePorts(1);
  const place = join(directory, "nginx");
  mkdirSync(place);
  const file = join(place, "nginx.conf");
  writeFileSync(file, configOf(port, providerPort));
  const nginx = await startProcess({
    name: "nginx",
    command,
    args: ["-p", place, "-c", file, "-e", join(place, "errors.log")],
    logFile: join(directory, "nginx.log"),
    isReady: () => listensAt(port),
  });
  return plainTarget("nginx", port, [nginx]);
}

async function programOf(): Promise<string> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  const installed = folders.map((folder) => join(folder, "nginx")).find((file) => existsSync(file));
  return installed ?? join(await unpackedDebianPackage("nginx"), "usr", "sbin", "nginx");
}

/** One worker, connections that are kept on both sides, and nothing held back: as fast as it goes. */
function configOf(port: number, providerPort: number): string {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
  return `
${user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log errors.log warn;
events { worker_connections 2048; }
http {
  ${places.join("\n  ")}
  access_log off;
  client_max_body_size 1m;
  client_body_buffer_size 256k;
  keepalive_requests 1000000000;
  upstream provider {
    server 127.0.0.1:${providerPort};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}
