import type { Behaviour } from "./behaviour.ts";

/** Names that need no configuration: the behaviour is in the name. */
const PATTERNS: readonly (readonly [RegExp, (figure: number) => Behaviour])[] = [
  [/^echo-1$/, () => ({})],
  [/^garbage-1$/, () => ({ garbage: true })],
  [/^wrong-type-1$/, () => ({ contentType: "text/html; charset=utf-8" })],
  [/^redirect-1$/, () => ({ redirect: "/redirected" })],
  [/^no-usage-1$/, () => ({ usage: false })],
  [/^reasons-1$/, () => ({ reasoning: true })],
  [/^tools-([1-9]\d?)$/, (times) => ({ toolCall: { times } })],
  [/^cut-before-head$/, () => ({ cutBeforeHead: true })],
  [/^reset-before-head$/, () => ({ cutBeforeHead: true, reset: true })],
  [/^stall-before-head$/, () => ({ stallBeforeHead: true })],
  [/^status-([2-5]\d\d)$/, (status) => ({ status })],
  [/^retry-after-(\d{1,6})$/, (retryAfter) => ({ status: 429, retryAfter })],
  [/^retry-after-date-(\d{1,6})$/, (retryAfter) => ({ status: 429, retryAfter, retryAfterDate: true })],
  [/^recovers-after-(\d{1,6})$/, (failTimes) => ({ status: 500, failTimes })],
  [/^cut-after-(\d{1,6})$/, (cutAfterChunks) => ({ cutAfterChunks })],
  [/^half-event-(\d{1,6})$/, (cutAfterChunks) => ({ cutAfterChunks, halfChunk: true })],
  [/^reset-after-(\d{1,6})$/, (cutAfterChunks) => ({ cutAfterChunks, reset: true })],
  [/^stall-after-(\d{1,6})$/, (stallAfterChunks) => ({ stallAfterChunks })],
  [/^error-after-(\d{1,6})$/, (errorAfterChunks) => ({ errorAfterChunks })],
  [/^slow-(\d{1,6})$/, (chunkDelayMs) => ({ chunkDelayMs })],
  [/^chunks-(\d{1,6})$/, (chunks) => ({ chunks })],
  [/^bytes-(\d{1,8})$/, (answerBytes) => ({ answerBytes })],
  [/^cached-(\d{1,6})$/, (cachedInput) => ({ usage: { cachedInput } })],
  [/^cache-write-(\d{1,6})$/, (cacheWriteInput) => ({ usage: { cacheWriteInput } })],
  [/^audio-(\d{1,6})$/, (tokens) => ({ usage: { audioInput: tokens, audioOutput: tokens } })],
  [/^finish-length$/, () => ({ finish: "length" })],
  [/^finish-content-filter$/, () => ({ finish: "content-filter" })],
  [/^finish-error$/, () => ({ finish: "error" })],
];

/** The model names that are listed when nobody configured any. */
export const LISTED_MODELS: readonly string[] = ["echo-1", "garbage-1", "tools-1", "reasons-1", "cut-before-head"];

/** The behaviour of a model: the configured one, else the one its name tells. Undefined: there is no such model. */
export function behaviourOf(model: string, configured: ReadonlyMap<string, Behaviour>): Behaviour | undefined {
  const found = configured.get(model);
  if (found !== undefined) return found;
  for (const [pattern, make] of PATTERNS) {
    const match = pattern.exec(model);
    if (match !== null) return make(Number(match[1] ?? 0));
  }
  return undefined;
}
