import { createVerify, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { VENDORS } from "../../../examples/scripted-provider/vendors.ts";
import { errorInfoOf } from "../../callers/told.ts";
import { startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

/** Google's token endpoint, as far as service accounts need it: it knows one account, by its public key. */
async function startTokenEndpoint(directory: string) {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const [head = "", claims = "", signature = ""] =
        new URLSearchParams(Buffer.concat(pieces).toString()).get("assertion")?.split(".") ?? [];
      const isKnown = createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(publicKey, signature, "base64url");
      asked.push(JSON.parse(Buffer.from(claims, "base64url").toString()));
      response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
      response.end(JSON.stringify(isKnown ? { access_token: "ya29.token", expires_in: 3600 } : { error: "invalid" }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const file = join(directory, "account.json");
  const tokenUri = `http://127.0.0.1:${address.port}/token`;
  const write = (key: string) =>
    writeFile(file, JSON.stringify({ client_email: "a@example.iam", private_key: key, token_uri: tokenUri }));
  await write(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  return {
    file,
    asked,
    tokenUri,
    /** Puts a key into the file that the endpoint does not know. */
    forge: () => {
      const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
      return write(other.export({ type: "pkcs8", format: "pem" }).toString());
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

async function start() {
  const tokens = await startTokenEndpoint(await mkdtemp(join(tmpdir(), "twinspan-account-")));
  const vendor = VENDORS["google-vertex"];
  const provider = (url: string) => ({
    kind: "google-vertex",
    serviceAccountFile: tokens.file,
    project: "scripted",
    region: "global",
    baseUrl: new URL(url).origin + vendor.prefix + vendor.base,
  });
  return { tokens, run: await startGatewayRun({ endpoints: { vertex: { provider } } }) };
}

test("Vertex is called with a token for the service account, which is asked for once", async () => {
  const { tokens, run } = await start();
  await using _tokens = tokens;
  await using _run = run;
  for (const stream of [false, true]) {
    expect((await run.client.stream({ model: "vertex", stream })).error).toBeUndefined();
  }
  expect(run.provider.requests.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill("Bearer ya29.token"));
  expect(run.provider.requests[0]?.headers["x-goog-api-key"]).toBeUndefined();
  expect(tokens.asked).toEqual([
    expect.objectContaining({
      iss: "a@example.iam",
      aud: tokens.tokenUri,
      scope: "https://www.googleapis.com/auth/cloud-platform",
    }),
  ]);
});

test("an account that Google does not know is a fault of the operator's, and its key is told to nobody", async () => {
  const { tokens, run } = await start();
  await using _tokens = tokens;
  await using _run = run;
  await tokens.forge();
  const told = await run.client.invoke({ model: "vertex" });
  expect(errorInfoOf(told).reason).toBe("PROVIDER_AUTH");
  expect(told.error?.details).toContain("providers.vertex.serviceAccountFile");
  expect(run.provider.requests).toEqual([]);
  const { attempts } = await recordOfCall(run, told);
  expect(attempts[0]?.errorText).toContain("invalid");
  expect(inspect(attempts, { depth: null })).not.toContain("PRIVATE KEY");
  expect(run.logged.join("")).not.toContain("PRIVATE KEY");
});
