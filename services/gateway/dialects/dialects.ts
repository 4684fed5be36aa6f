import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { anthropicCountTokens } from "./anthropic/count-tokens.ts";
import { anthropicMessages } from "./anthropic/messages.ts";
import type { DialectSupport } from "./dialect.ts";
import { openAiChat } from "./openai-chat/openai-chat.ts";
import { raw } from "./raw/raw.ts";

/** The dialects that this gateway speaks, by their names in the contract. */
const DIALECTS: ReadonlyMap<Dialect, DialectSupport> = new Map([
  [Dialect.DIALECT_OPENAI_CHAT, openAiChat],
  [Dialect.DIALECT_ANTHROPIC_MESSAGES, anthropicMessages],
  [Dialect.DIALECT_ANTHROPIC_COUNT_TOKENS, anthropicCountTokens],
  [Dialect.DIALECT_RAW, raw],
]);

/** The dialect that an invocation is written in. Undefined: not one of this gateway's. */
export function dialectOf({ dialect }: Invocation): DialectSupport | undefined {
  return DIALECTS.get(dialect);
}
