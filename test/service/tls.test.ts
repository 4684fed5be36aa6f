import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";
import type { handleUnaryCall } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Config, configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { checkHealth } from "#lib/rpc/check-health.ts";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { startRpcServer } from "#lib/rpc/server.ts";
import { type CertifiedPeer, certifiedPeerOf } from "#lib/tls/certified-peer.ts";
import { peerCertificatesOf, serverTlsOf } from "#lib/tls/configured-certificates.ts";
import {
  EndpointServiceClient,
  EndpointServiceService,
  type ListEndpointsRequest,
  type ListEndpointsResponse,
} from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { type RunningGateway, startGateway } from "../../services/gateway/server.ts";
import { type Ingress, startIngress } from "../../services/ingress/server.ts";
import { startTraceWriter, type TraceWriter } from "../../services/trace-writer/server.ts";
import { until } from "../../tools/until.ts";
import { createTestAuthority, type TestAuthority } from "../certificates/test-authority.ts";
import { openDoor } from "../system/open-door.ts";
import { TRANSPORT } from "../system/transport-under-test.ts";
import { run } from "./cli/run-cli.ts";

const log = createLogger("tls", "silent");
const stack = new AsyncDisposableStack();
let authority: TestAuthority;
let traceWriter: TraceWriter;
let gateway: RunningGateway;
let ingress: Ingress;

beforeAll(async () => {
  authority = stack.use(await createTestAuthority());
  for (const name of ["trace-writer", "gateway", "ingress", "caller", "next"]) authority.issue(name);
  const provider = stack.use(await startScriptedProvider({ listen: "127.0.0.1:0" }));
  traceWriter = stack.use(await startTraceWriter(configOf({}), { log }));
  gateway = stack.use(
    await startGateway(configOf({ traceWriter: traceWriter.address, provider: provider.url }), { log }),
  );
  ingress = stack.use(
    await startIngress(configOf({ traceWriter: traceWriter.address, gateway: gateway.address }), { log }),
  );
});
afterAll(() => stack.disposeAsync());

interface Places {
  readonly traceWriter?: string;
  readonly gateway?: string;
  readonly provider?: string;
}

/** mTLS on every hop, HTTPS without client certificates in front. */
function configOf({ traceWriter, gateway, provider }: Places): Config {
  const { directory, caFile } = authority;
  const own = (name: string) => ({ certFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) });
  const port = (name: string) => ({ ...own(name), clientCaFile: caFile });
  const peer = (name: string) => ({ ...own(name), caFile });
  return configSchema.parse({
    ingress: {
      listen: "127.0.0.1:0",
      gateway: { target: gateway, transport: TRANSPORT },
      traceWriter,
      tls: own("ingress"),
      peerTls: peer("ingress"),
    },
    gateway: {
      listen: "127.0.0.1:0",
      ops: "127.0.0.1:0",
      tls: port("gateway"),
      traceWriter,
      peerTls: peer("gateway"),
      outbox: { path: join(directory, "outbox.db"), lingerMs: 0 },
    },
    traceWriter: {
      listen: "127.0.0.1:0",
      ops: "127.0.0.1:0",
      tls: port("trace-writer"),
      store: { sqlite: { path: join(directory, "traces.db") } },
    },
    providers: provider === undefined ? {} : { scripted: { baseUrl: provider, allowAddresses: ["127.0.0.1"] } },
    endpoints: provider === undefined ? [] : [{ name: "echo", models: [{ provider: "scripted", model: "echo-1" }] }],
  });
}

async function ask(agent: Agent): Promise<{ readonly status: number; readonly trace: string; readonly body: string }> {
  const sent = request(`${ingress.url}/v1/chat/completions`, {
    agent,
    method: "POST",
    headers: { "content-type": "application/json" },
  });
  sent.end(JSON.stringify({ model: "echo", messages: [{ role: "user", content: "over TLS" }] }));
  const [answer] = await once(sent, "response");
  return { status: answer.statusCode, trace: answer.headers["x-twinspan-trace-id"], body: await text(answer) };
}

/** What a server shows of itself in a handshake. */
async function shownBy(address: string): Promise<string | undefined> {
  const [host = "", port] = address.split(":");
  await using socket = connect({
    host,
    port: Number(port),
    ca: readFileSync(authority.caFile),
    servername: "localhost",
  });
  await once(socket, "secureConnect");
  return String(socket.getPeerCertificate().subject.CN);
}

test("a call goes over TLS on every hop, and its trace is stored", async () => {
  const agent = new Agent({ ca: readFileSync(authority.caFile) });
  const answered = await ask(agent);
  agent.destroy();
  expect(answered).toMatchObject({ status: 200 });
  const { directory, caFile } = authority;
  const flags = ["--ca", caFile, "--cert", join(directory, "caller.crt"), "--key-file", join(directory, "caller.key")];
  const show = ["trace", "show", answered.trace, "--target", traceWriter.address, ...flags];
  const shown = await until("the trace is stored", async () => {
    const told = await run(show);
    return told.status === 0 && told.out;
  });
  expect(shown).toContain("gateway/echo");
});

test("HTTPS offers HTTP/1.1, and drops who does not believe it", async () => {
  const [host = "", port] = ingress.address.split(":");
  const ca = readFileSync(authority.caFile);
  await using socket: TLSSocket = connect({ host, port: Number(port), ca, ALPNProtocols: ["h2", "http/1.1"] });
  await once(socket, "secureConnect");
  expect(socket.alpnProtocol).toBe("http/1.1");
  const stranger = new Agent();
  await expect(ask(stranger)).rejects.toThrow(/certificate/);
  stranger.destroy();
});

test("who has no certificate, or speaks in the clear, gets through to no gRPC port", async () => {
  const { caFile } = authority;
  for (const address of [gateway.address, traceWriter.address]) {
    for (const tls of [undefined, { caFile }]) {
      const client = new EndpointServiceClient(address, channelCredentials(peerCertificatesOf("test", tls)));
      expect(await checkHealth(client, "", 5_000)).toBe("unreachable");
      client.close();
    }
  }
});

test("a service learns whom a caller's certificate names, and nothing of one that nobody signed", async () => {
  const { caFile, directory } = authority;
  const names = ["URI:spiffe://example.org/caller", "DNS:caller.example.org"];
  const named = authority.issue("the caller", { names, file: "named" });
  const own = { certFile: join(directory, "gateway.crt"), keyFile: join(directory, "gateway.key") };
  const seen: (CertifiedPeer | undefined)[] = [];
  const listEndpoints: handleUnaryCall<ListEndpointsRequest, ListEndpointsResponse> = (call, answer) => {
    seen.push(certifiedPeerOf(call.getAuthContext().sslPeerCertificate));
    answer(null, { endpoints: [] });
  };
  await using server = await startRpcServer({
    door: openDoor(),
    listen: "127.0.0.1:0",
    tls: serverTlsOf("test", { ...own, clientCaFile: caFile, clientCertificates: "optional" }),
    services: [
      {
        name: "test",
        definition: { listEndpoints: EndpointServiceService.listEndpoints },
        implementation: { listEndpoints },
      },
    ],
    messageBytesMax: 1024,
    drainMs: 1000,
  });
  using strangers = await createTestAuthority();
  for (const certificate of [named, strangers.issue("the caller"), {}]) {
    const credentials = channelCredentials(peerCertificatesOf("test", { caFile, ...certificate }));
    const client = new EndpointServiceClient(server.address, credentials, channelOptions(1024));
    const failure = await new Promise((resolve) => client.listEndpoints({ details: false }, resolve));
    expect(failure).toBeNull();
    client.close();
  }
  expect(seen).toEqual([{ commonName: "the caller", names }, undefined, undefined]);
});

test("new certificates are shown to new connections, and those there go on", async () => {
  const { directory, caFile } = authority;
  const agent = new Agent({ ca: readFileSync(caFile), keepAlive: true, maxSockets: 1 });
  expect((await ask(agent)).status).toBe(200);
  expect(await shownBy(ingress.address)).toBe("ingress");
  expect(await shownBy(gateway.address)).toBe("gateway");
  for (const name of ["ingress", "gateway"]) {
    for (const ending of ["crt", "key"]) {
      copyFileSync(join(directory, `next.${ending}`), join(directory, `${name}.${ending}`));
    }
  }
  await until("the ingress shows the new one", async () => (await shownBy(ingress.address)) === "next");
  await until("the gateway shows the new one", async () => (await shownBy(gateway.address)) === "next");
  const metrics = await fetch(`http://${gateway.opsAddress}/metrics`).then((answer) => answer.text());
  expect(metrics).toContain('twinspan_certificate_reloads_total{of="gateway.tls",outcome="ok"} 1');
  expect((await ask(agent)).status).toBe(200);
  agent.destroy();
});

test("a gateway whose certificate does not fit does not start, and check says the same", async () => {
  const config = configOf({});
  const tls = { ...config.gateway.tls, keyFile: join(authority.directory, "caller.key") };
  const faulty = configSchema.parse({ gateway: { ...config.gateway, tls }, providers: {}, endpoints: [] });
  const fault = /gateway\.tls: the key in .*caller\.key is not that of the certificate/;
  await expect(startGateway(faulty, { log })).rejects.toThrow(fault);
  const file = join(authority.directory, "twinspan.yaml");
  writeFileSync(file, JSON.stringify({ gateway: { tls } }));
  const checked = await run(["check", file]);
  expect(checked.status).toBe(1);
  expect(checked.err).toMatch(fault);
});
