import type { AccessToken } from "./google-token.ts";
import type { HttpClient } from "./http-client.ts";
import type { ProviderOptions } from "./kinds.ts";

/** What a provider's requests are sent with, relayed or translated. */
export interface Sender {
  /** The provider's name. */
  readonly name: string;
  readonly options: ProviderOptions;
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** Undefined: it needs none, or has other credentials. */
  readonly apiKey: string | undefined;
  /** Gives the tokens of its service account. Undefined: it has none. */
  readonly accessToken: AccessToken | undefined;
  readonly client: HttpClient;
}
