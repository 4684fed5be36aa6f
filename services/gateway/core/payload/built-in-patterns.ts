import { cardNumbersIn } from "./card-numbers.ts";
import { ibanLengthOf } from "./iban.ts";
import { isIpv6 } from "./ipv6.ts";
import { checkedPattern, type Pattern, regexPattern } from "./pattern.ts";

/*
 * The patterns that are there without being written (docs/payload.md says what each finds and what it does not). Each
 * looks at a text once, whatever the text is: what may repeat is bounded, and may only begin where nothing like it came
 * before.
 */

const EMAIL = regexPattern(
  "email",
  /(?<![\p{L}\p{M}\p{N}._%+'-])[\p{L}\p{M}\p{N}._%+'-]{1,128}@(?:[\p{L}\p{M}\p{N}-]{1,63}\.){1,8}[\p{L}\p{M}\p{N}-]{2,63}/gu,
  "@",
);
const US_SSN = regexPattern("us-ssn", /(?<!\d)(?!000|666|9)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?!\d)/g);
const PHONE = regexPattern(
  "phone",
  /(?<![\w+])\+[1-9](?:[ ().\-/\u00a0]{0,2}\d){6,14}(?!\d)|(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\w)/g,
);
const JWT = regexPattern(
  "jwt",
  /(?<![A-Za-z0-9])eyJ(?:(?![_-]eyJ)[\w-]){5,8192}\.[\w-]{5,8192}\.[\w-]{0,8192}/g,
  "eyJ",
);
const API_KEY = regexPattern(
  "api-key",
  new RegExp(
    [
      // OpenAI, Anthropic, OpenRouter and others; Stripe.
      String.raw`(?<![A-Za-z0-9])(?:sk-[\w-]{16,256}|[rps]k_(?:live|test)_[A-Za-z0-9]{10,256})`,
      // Groq, xAI, Hugging Face, npm, Replicate, Perplexity.
      "(?<![A-Za-z0-9])(?:gsk_|xai-|hf_|npm_|r8_|pplx-)[A-Za-z0-9]{20,256}",
      // GitHub, GitLab, Slack, SendGrid.
      String.raw`(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255}|glpat-[\w-]{20,255})`,
      String.raw`(?<![A-Za-z0-9])(?:xox[abeoprs]-[A-Za-z0-9-]{10,255}|SG\.[\w-]{16,64}\.[\w-]{16,64})`,
      // AWS, Google.
      String.raw`(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])|AIza[\w-]{35})`,
      String.raw`-----BEGIN (?:[A-Z]{1,16} ){0,3}PRIVATE KEY-----(?:(?!-----END)[\s\S]){0,16384}(?:-----END [A-Z ]{1,64}-----)?`,
    ].join("|"),
    "g",
  ),
);
const IPV4 = String.raw`(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\d|\.\d)`;
const IPV6 = String.raw`(?<![0-9A-Za-z:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}){0,3}(?![0-9A-Za-z:])`;
const IP_ADDRESS = checkedPattern("ip-address", new RegExp(`${IPV4}|${IPV6}`, "g"), (match) =>
  !match.includes(":") || isIpv6(match) ? match.length : 0,
);
const IBAN = checkedPattern("iban", /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,30}/g, ibanLengthOf);
const CREDIT_CARD: Pattern = { name: "credit-card", find: cardNumbersIn };

/** The patterns that are there without being written. */
export const BUILT_IN: readonly Pattern[] = [API_KEY, CREDIT_CARD, EMAIL, IBAN, IP_ADDRESS, JWT, PHONE, US_SSN];
