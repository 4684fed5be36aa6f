import type { Fields } from "../fields.ts";
import { NO_WORD } from "../untranslatable.ts";

const NOTHING_STORED = "a translated answer is stored nowhere; send the whole conversation in `input`";

/** Reads the fields of a request that have no translation: they are refused, unless they say what holds without them. */
export function refuseTheRest(request: Fields): void {
  request.leaveOut("model");
  // Hints for a cache change what a call costs, not its answer. Built-in tools there are none, so their calls need no
  // limit.
  request.leaveOut("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "max_tool_calls");
  request.object("stream_options", (options) => options.leaveOut("include_obfuscation"));
  request.refuse(["previous_response_id", "conversation"], NOTHING_STORED);
  request.allowOnly("store", [false], NOTHING_STORED);
  request.allowOnly("background", [false], NOTHING_STORED);
  request.refuse(["prompt"], "the template is stored with OpenAI");
  request.refuse(["access_programs", "context_management", "image", "moderation"], NO_WORD);
  request.allowOnly("service_tier", ["auto", "default"], NO_WORD);
  request.allowOnly("top_logprobs", [0], NO_WORD);
  request.allowOnly("truncation", ["disabled"], "other providers do not shorten a conversation");
  if (Object.keys(request.json("metadata") ?? {}).length > 0) throw request.untranslatable("metadata", NOTHING_STORED);
  const included = request.texts("include") ?? [];
  // Reasoning always has what is to be handed back, and what else can be included is of tools that there are not.
  if (included.includes("message.output_text.logprobs")) throw request.untranslatable("include", NO_WORD);
}
