import { createSign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { parseJson } from "#lib/json-value.ts";
import { ProviderError } from "../core/provider-error.ts";
import { startOf } from "./body-start.ts";
import type { HttpClient } from "./http-client.ts";

/** Gives an access token that is good for the next minute at least. Throws a ProviderError when there is none to be had. */
export type AccessToken = (signal: AbortSignal) => Promise<string>;

/** What the key file of a service account has. */
const serviceAccount = z.object({
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  token_uri: z.url({ protocol: /^https?$/ }).default("https://oauth2.googleapis.com/token"),
});
const granted = z.object({ access_token: z.string().min(1).max(8192), expires_in: z.number().positive() });

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
/** What a token is asked for, in seconds. */
const LIFETIME_SECONDS = 3600;
/** A token is not used any more so long before its end, in milliseconds. */
const MARGIN_MS = 60_000;
const ANSWER_BYTES_MAX = 64 * 1024;

/**
 * Access tokens of Google's for a service account, fetched over the provider's own client when the last one is running
 * out. The key file is read each time, so that it can be changed.
 */
export function createGoogleToken(provider: string, file: string, client: HttpClient): AccessToken {
  let token: { readonly text: string; readonly untilMs: number } | undefined;
  return async (signal) => {
    if (token === undefined || Date.now() > token.untilMs) {
      try {
        token = await fetchToken(await readAccount(file), client, signal);
      } catch (error) {
        if (signal.aborted || (error instanceof ProviderError && error.kind !== "provider_auth")) throw error;
        const message = `The provider ${provider} gave no access token for the service account. Its operator must check providers.${provider}.serviceAccountFile.`;
        throw new ProviderError("provider_auth", message, { text: textOf(error), cause: error });
      }
    }
    return token.text;
  };
}

async function readAccount(file: string): Promise<z.output<typeof serviceAccount>> {
  return serviceAccount.parse(parseJson(await readFile(file, "utf8")));
}

async function fetchToken(account: z.output<typeof serviceAccount>, client: HttpClient, signal: AbortSignal) {
  const nowMs = Date.now();
  const answer = await client.request({
    method: "POST",
    url: new URL(account.token_uri),
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: Buffer.from(
      new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: assertionOf(account, Math.floor(nowMs / 1000)),
      }).toString(),
    ),
    timeouts: {},
    signal,
  });
  const text = (await startOf(answer.body, ANSWER_BYTES_MAX)).toString("utf8");
  if (answer.status !== 200) throw new ProviderError("provider_auth", `status ${answer.status}`, { text });
  const { access_token, expires_in } = granted.parse(parseJson(text));
  return { text: access_token, untilMs: nowMs + expires_in * 1000 - MARGIN_MS };
}

/** A JSON Web Token by which the account asks, signed with its key. */
function assertionOf({ client_email, private_key, token_uri }: z.output<typeof serviceAccount>, now: number): string {
  const claims = { iss: client_email, scope: SCOPE, aud: token_uri, iat: now, exp: now + LIFETIME_SECONDS };
  const unsigned = [{ alg: "RS256", typ: "JWT" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${unsigned}.${createSign("RSA-SHA256").update(unsigned).sign(private_key, "base64url")}`;
}

/** What went wrong. Of a file that cannot be read as an account nothing is quoted: it holds a key. */
function textOf(error: unknown): string {
  if (error instanceof ProviderError) return error.text;
  if (error instanceof z.ZodError) return "the file or the answer is not what it should be";
  return error instanceof Error && "code" in error ? String(error.code) : "the key cannot sign";
}
