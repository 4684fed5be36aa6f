import type { Usage } from "../answer.ts";

/**
 * Tokens as Gemini counts them: those of the cache in `promptTokenCount`, thoughts beside `candidatesTokenCount`. With
 * `sent`, as they are after so many parts of a stream.
 */
export function usageMetadataOf(usage: Usage, sent: number | undefined) {
  const thoughts = Math.min(usage.reasoning, sent ?? usage.reasoning);
  const candidates = sent === undefined ? usage.output - usage.reasoning : sent - thoughts;
  return {
    promptTokenCount: usage.input,
    ...(sent === undefined || candidates > 0 ? { candidatesTokenCount: candidates } : {}),
    totalTokenCount: usage.input + candidates + thoughts,
    ...(usage.cachedInput === 0
      ? {}
      : {
          cachedContentTokenCount: usage.cachedInput,
          cacheTokensDetails: [{ modality: "TEXT", tokenCount: usage.cachedInput }],
        }),
    promptTokensDetails: detailsOf(usage.input, usage.audioInput),
    ...(sent === undefined && usage.audioOutput > 0
      ? { candidatesTokensDetails: detailsOf(candidates, usage.audioOutput) }
      : {}),
    ...(thoughts === 0 ? {} : { thoughtsTokenCount: thoughts }),
  };
}

function detailsOf(all: number, audio: number) {
  const text = [{ modality: "TEXT", tokenCount: all - audio }];
  return audio === 0 ? text : [...text, { modality: "AUDIO", tokenCount: audio }];
}
