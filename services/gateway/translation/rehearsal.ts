import type { LanguageModelV4, LanguageModelV4CallOptions, SharedV4Warning } from "@ai-sdk/provider";

/** A model whose requests go nowhere, and whether it got so far as to make one. */
export interface Rehearsal {
  readonly fetch: typeof globalThis.fetch;
  /** Whether a request was made, so that what fails now does so for the answer, which is empty. */
  readonly hasSent: boolean;
}

/** Begins a rehearsal: a Fetch API that answers every request with nothing. */
export function startRehearsal(): Rehearsal {
  let hasSent = false;
  return {
    fetch: async () => {
      hasSent = true;
      return new Response("", { headers: { "content-type": "text/event-stream" } });
    },
    get hasSent() {
      return hasSent;
    },
  };
}

/**
 * What a package would warn of if it sent a request. Packages tell their warnings with the answer only, when the prompt
 * is out and paid for; asked in a rehearsal they tell them first. Throws what the package throws for a request that it
 * cannot write.
 */
export async function rehearse(
  rehearsal: Rehearsal,
  model: LanguageModelV4,
  options: LanguageModelV4CallOptions,
): Promise<readonly SharedV4Warning[]> {
  try {
    const { stream } = await model.doStream(options);
    for await (const part of stream) {
      if (part.type === "stream-start") return part.warnings;
    }
    return [];
  } catch (error) {
    if (!rehearsal.hasSent) throw error;
    return [];
  }
}
