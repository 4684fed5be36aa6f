import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type KeyedServices, keyFor, startKeyedServices } from "../../system/keyed-services.ts";

const ISSUER = "https://login.example";
const AUDIENCE = "twinspan";
const key = keyFor("by-key", ["invoke"]);

let issuer: Server;
let services: KeyedServices;
let signing: CryptoKey;
let others: CryptoKey;
/** What the issuer publishes, and how it answers. */
const published: { keys: JWK[]; status: number } = { keys: [], status: 200 };

beforeAll(async () => {
  const [own, other] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
  signing = own.privateKey;
  others = other.privateKey;
  published.keys = [{ ...(await exportJWK(own.publicKey)), kid: "one", alg: "RS256" }];
  issuer = createServer((_request, response) => {
    response.writeHead(published.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: published.keys }));
  });
  issuer.listen(0, "127.0.0.1");
  await once(issuer, "listening");
  const address = z.object({ port: z.number() }).parse(issuer.address());
  services = await startKeyedServices({
    workspaces: [{ name: "research" }],
    auth: {
      keys: [key.line],
      jwt: {
        issuer: ISSUER,
        audience: AUDIENCE,
        jwksUrl: `http://127.0.0.1:${address.port}/jwks`,
        roles: { "platform-team": ["admin"], callers: ["invoke"] },
      },
    },
    endpoints: [
      { name: "of-research", workspace: "research", models: [{ provider: "scripted", model: "echo-1" }] },
      {
        name: "passed-on",
        workspace: "research",
        credentials: "caller",
        models: [{ provider: "scripted", model: "echo-1" }],
      },
    ],
  });
});
afterAll(async () => {
  await services[Symbol.asyncDispose]();
  issuer.close();
});

function token(claims: Record<string, unknown>, signer = signing, kid = "one"): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 60;
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "alice", twinspan_workspace: "research", exp, ...claims })
    .setProtectedHeader({ alg: "RS256", kid })
    .sign(signer);
}

async function whoIs(bearer: string): Promise<unknown> {
  const response = await fetch(`${services.ingress.url}/who-am-i`, { headers: { authorization: `Bearer ${bearer}` } });
  return response.ok ? await response.json() : response.status;
}

async function invoke(endpoint: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const response = await fetch(`${services.ingress.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: endpoint, messages: [{ role: "user", content: "hello" }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

test("a token says who, of which workspace, and by the issuer's words what they may", async () => {
  expect(await whoIs(await token({ twinspan_roles: ["callers", "read-traces", "unheard-of"] }))).toEqual({
    kind: "token",
    name: "alice",
    workspace: "research",
    roles: ["invoke", "read-traces"],
  });
  expect(await whoIs(await token({ twinspan_roles: "platform-team callers" }))).toMatchObject({
    roles: ["admin", "invoke", "write-traces", "read-traces", "read-payloads"],
  });
});

test("the gateway checks it again, and it goes to no provider", async () => {
  const authorization = `Bearer ${await token({ twinspan_roles: ["callers"] })}`;
  expect(await invoke("of-research", { authorization })).toBe(200);
  expect(JSON.stringify(services.provider.requests.at(-1))).not.toContain(authorization.slice(7));
  expect(await invoke("of-research", { authorization: `Bearer ${await token({ twinspan_roles: [] })}` })).toBe(403);
  expect(await invoke("passed-on", { authorization })).toBe(401);
  expect(
    await invoke("passed-on", { "x-twinspan-key": authorization.slice(7), authorization: "Bearer of-the-caller" }),
  ).toBe(200);
  const sent = JSON.stringify(services.provider.requests.at(-1));
  expect(sent).toContain("Bearer of-the-caller");
  expect(sent).not.toContain(authorization.slice(7));
});

test("a key goes on working beside tokens", async () => {
  expect(await whoIs(key.key)).toMatchObject({ kind: "key", name: "by-key" });
});

test.each([
  ["has expired", { exp: Math.floor(Date.now() / 1000) - 120 }],
  ["is for another audience", { aud: "somebody else" }],
  ["is of another workspace than there are", { twinspan_workspace: "unheard-of" }],
  ["names no workspace", { twinspan_workspace: undefined }],
  ["names nobody", { sub: undefined }],
  ["is of a name that nobody could read", { sub: "a name\nwith a line" }],
  ["is not valid yet", { nbf: Math.floor(Date.now() / 1000) + 120 }],
])("a token that %s is refused", async (_what, claims) => {
  expect(await whoIs(await token({ twinspan_roles: ["admin"], ...claims }))).toBe(401);
});

test("a token that the issuer has not signed is refused, whatever it says", async () => {
  expect(await whoIs(await token({ twinspan_roles: ["admin"] }, others))).toBe(401);
  expect(await whoIs(await token({ twinspan_roles: ["admin"] }, others, "unknown"))).toBe(401);
  const [, payload] = (await token({ twinspan_roles: ["admin"] })).split(".");
  const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  expect(await whoIs(`${none}.${payload}.`)).toBe(401);
  const secret = new TextEncoder().encode(JSON.stringify(published.keys[0]));
  const confused = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "alice", twinspan_workspace: "research" })
    .setExpirationTime("1m")
    .setProtectedHeader({ alg: "HS256", kid: "one" })
    .sign(secret);
  expect(await whoIs(confused)).toBe(401);
});

test("an issuer that cannot be asked makes no caller unknown: that is told as a failure that passes", async () => {
  published.status = 500;
  await using waiting = await startKeyedServices({
    workspaces: [{ name: "research" }],
    auth: {
      jwt: {
        issuer: ISSUER,
        audience: AUDIENCE,
        jwksUrl: `http://127.0.0.1:${z.object({ port: z.number() }).parse(issuer.address()).port}/jwks`,
      },
    },
  });
  const asked = async () => {
    const headers = { authorization: `Bearer ${await token({})}` };
    return (await fetch(`${waiting.ingress.url}/who-am-i`, { headers })).status;
  };
  expect(await asked()).toBe(503);
  published.status = 200;
  expect(await asked()).toBe(200);
});
