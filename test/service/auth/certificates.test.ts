import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority } from "#lib/auth/authority.ts";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { unary } from "#lib/rpc/handler.ts";
import { startRpcServer } from "#lib/rpc/server.ts";
import { serverTlsOf } from "#lib/tls/configured-certificates.ts";
import {
  EndpointServiceService,
  type ListEndpointsRequest,
  type ListEndpointsResponse,
} from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { connectionTo } from "../../../cli/connection.ts";
import { createTestAuthority, type TestAuthority } from "../../certificates/test-authority.ts";
import { keyFor } from "../../system/keyed-services.ts";
import { callOver } from "./call-over.ts";

const KEY = keyFor("by-key", ["invoke"]);
const LIST = "/twinspan.gateway.v1.EndpointService/ListEndpoints";

let authority: TestAuthority;
beforeAll(async () => {
  authority = await createTestAuthority();
});
afterAll(() => authority[Symbol.dispose]());

test("a verified certificate vouches for whom the configuration names, a key counts before it, and no other certificate counts", async () => {
  const server = authority.issue("server");
  const auth = {
    keys: [KEY.line],
    certificates: [
      { name: "by-uri", subject: "URI:spiffe://org/service", roles: ["invoke" as const] },
      { name: "by-name", subject: "CN:named", roles: ["record" as const] },
    ],
  };
  const config = configSchema.parse({ auth });
  const seen: string[] = [];
  const log = createLogger("test", "silent");
  await using running = await startRpcServer({
    listen: "127.0.0.1:0",
    tls: serverTlsOf("test", { ...server, clientCaFile: authority.caFile, clientCertificates: "optional" }),
    door: { authority: new Authority(config), onRefused: (error) => seen.push(error.kind) },
    services: [
      {
        name: "twinspan.gateway.v1.EndpointService",
        definition: { listEndpoints: EndpointServiceService.listEndpoints },
        implementation: {
          listEndpoints: unary<ListEndpointsRequest, ListEndpointsResponse>(log, async (_request, { identity }) => {
            seen.push(`${identity.kind} ${identity.name}`);
            return { endpoints: [] };
          }),
        },
      },
    ],
    messageBytesMax: 1024,
    drainMs: 50,
  });
  const ask = async (certificate: { certFile: string; keyFile: string } | undefined, key?: string) => {
    seen.length = 0;
    const tls = { caFile: authority.caFile, ...certificate };
    await callOver(connectionTo(running.address, tls, key), LIST);
    return seen.join();
  };
  const uri = authority.issue("any", { names: ["URI:spiffe://org/service"], file: "uri" });
  expect(await ask(uri)).toBe("certificate by-uri");
  expect(await ask(uri, KEY.key)).toBe("key by-key");
  expect(await ask(authority.issue("named", { names: ["DNS:x"] }))).toBe("permission_denied");
  // What one kind of name says, another does not.
  expect(await ask(authority.issue("other", { names: ["DNS:named"], file: "other" }))).toBe("unauthenticated");
  expect(await ask(authority.issue("URI:spiffe:\\/\\/org\\/service", { names: ["DNS:y"], file: "spoof" }))).toBe(
    "unauthenticated",
  );
  expect(await ask(undefined)).toBe("unauthenticated");
});
