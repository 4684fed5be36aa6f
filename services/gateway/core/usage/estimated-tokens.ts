import { estimateTokenCount } from "tokenx";
import { jsonPiecesOf } from "../json/json-pieces.ts";

/** So many bytes of texts are looked at word by word; further texts are taken to be like them. */
const COUNTED_BYTES_MAX = 64 * 1024;
/** So many bytes beside the texts are looked at; the rest of the document is taken to be like what was seen. */
const WALKED_BYTES_MAX = 512 * 1024;
/** A text of that length may be a file in base64. */
const BASE64_BYTES_MIN = 1024;

/** Keys whose texts a model does not read as text: names of things, places, and files in base64. */
const NO_TEXT = new Set([
  ...["type", "object", "role", "model", "status", "user", "detail", "format", "effort", "created_at"],
  ...["finish_reason", "stop_reason", "finishReason", "system_fingerprint", "service_tier", "modelVersion"],
  ...["media_type", "mime_type", "mimeType", "prompt_cache_key", "safety_identifier"],
  ...["data", "file_data", "b64_json", "url", "image_url", "file_url", "fileUri", "audio"],
  ...["encrypted_content", "signature", "thoughtSignature", "thought_signature"],
  ...["metadata", "usage", "usageMetadata", "logprobs", "logprobsResult", "safetyRatings"],
]);
/** What some answers repeat of their request. */
const REPEATED = new Set(["instructions", "tools", "tool_choice", "input", "prompt"]);

/**
 * How many tokens a request in JSON has, estimated from its texts: not its keys, ids, images or audio. A number in a
 * list is a token, since embeddings may be asked for of tokens. Costs at most some 10 ms, however large the request is.
 */
export function estimatedInputTokens(request: Buffer): bigint {
  return estimatedTokens(request, isNoText);
}

/** How many tokens an answer in JSON has so far, likewise. */
export function estimatedOutputTokens(answer: Buffer): bigint {
  return estimatedTokens(answer, (key) => isNoText(key) || REPEATED.has(key));
}

function isNoText(key: string): boolean {
  return NO_TEXT.has(key) || key === "id" || key.endsWith("_id") || key.endsWith("Id");
}

function estimatedTokens(json: Buffer, isSkipped: (key: string) => boolean): bigint {
  let tokens = 0;
  let countedBytes = 0;
  let furtherBytes = 0;
  const pieces = jsonPiecesOf(json, isSkipped, WALKED_BYTES_MAX);
  let next = pieces.next();
  for (; !next.done; next = pieces.next()) {
    if (next.value === "number") {
      tokens += 1;
      continue;
    }
    const { start, end } = next.value;
    if (isFile(json, start, end)) continue;
    const countedEnd = Math.min(end, start + COUNTED_BYTES_MAX - countedBytes);
    tokens += estimateTokenCount(decoded(json.toString("utf8", start, countedEnd)));
    countedBytes += countedEnd - start;
    furtherBytes += end - countedEnd;
  }
  const further = countedBytes === 0 ? 0 : (tokens * furtherBytes) / countedBytes;
  const seenShare = json.length === 0 ? 1 : next.value / json.length;
  return BigInt(Math.round((tokens + further) / seenShare));
}

/** Whether a text is a file: a data URL, or what looks like base64 from its beginning. */
function isFile(json: Buffer, start: number, end: number): boolean {
  if (json.toString("latin1", start, start + 5) === "data:") return true;
  if (end - start < BASE64_BYTES_MIN) return false;
  const beginning = json.toString("latin1", start, start + BASE64_BYTES_MIN);
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(beginning) && /[A-Z]/.test(beginning) && /\d/.test(beginning);
}

/** A text of JSON without its escapes, as far as it can be read: it may be cut off within one. */
function decoded(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_escape, code: string | undefined, letter: string) =>
    code === undefined
      ? letter === "n"
        ? "\n"
        : letter === "t"
          ? "\t"
          : letter
      : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
