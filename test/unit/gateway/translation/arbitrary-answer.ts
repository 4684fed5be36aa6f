import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import fc from "fast-check";

/** An answer as a provider's package gives it: whole, and as the parts of a stream that comes to the same. */
export interface ProvidedAnswer {
  readonly whole: LanguageModelV4GenerateResult;
  /** One block after another. */
  readonly parts: readonly LanguageModelV4StreamPart[];
  /** The blocks' parts among each other, each block's in order. */
  readonly interleaved: readonly LanguageModelV4StreamPart[];
}

interface BlockParts {
  readonly content: LanguageModelV4Content;
  readonly parts: readonly LanguageModelV4StreamPart[];
}

const MODEL = { id: "the-providers-id", modelId: "the-model" };

/** Any answer of texts, reasoning and calls of the caller's tools. `signed`: with metadata that is handed back later. */
export function arbitraryAnswer({ signed = true } = {}): fc.Arbitrary<ProvidedAnswer> {
  const blocks = fc.array(fc.oneof(textBlock(), reasoningBlock(signed), toolBlock(signed)), { maxLength: 5 });
  return fc
    .tuple(blocks, finishReason(), usage(), fc.infiniteStream(fc.nat()))
    .map(([makers, reason, counts, order]): ProvidedAnswer => {
      const made = makers.map((make, index) => make(index));
      const finish = { type: "finish", finishReason: reason, usage: counts } as const;
      const around = (parts: readonly LanguageModelV4StreamPart[]): readonly LanguageModelV4StreamPart[] => [
        { type: "response-metadata", ...MODEL },
        ...parts,
        finish,
      ];
      return {
        whole: {
          content: made.map(({ content }) => content),
          finishReason: reason,
          usage: counts,
          response: MODEL,
          warnings: [],
        },
        parts: around(made.flatMap(({ parts }) => parts)),
        interleaved: around(
          shuffled(
            made.map(({ parts }) => [...parts]),
            order,
          ),
        ),
      };
    });
}

/** Takes from the front of one list after another, as `order` says. */
function shuffled<T>(lists: T[][], order: Iterator<number>): T[] {
  const taken: T[] = [];
  for (let left = lists.filter((list) => list.length > 0); left.length > 0; ) {
    const next = left[Number(order.next().value) % left.length]?.shift();
    if (next !== undefined) taken.push(next);
    left = left.filter((list) => list.length > 0);
  }
  return taken;
}

const pieces = () => fc.array(fc.string({ unit: "grapheme", maxLength: 8 }), { minLength: 1, maxLength: 5 });

function textBlock() {
  return pieces().map((texts) => (index: number): BlockParts => {
    const id = `text-${index}`;
    const deltas = texts.map((delta) => ({ type: "text-delta", id, delta }) as const);
    return {
      content: { type: "text", text: texts.join("") },
      parts: [{ type: "text-start", id }, ...deltas, { type: "text-end", id }],
    };
  });
}

function reasoningBlock(signed: boolean) {
  const metadata: readonly (SharedV4ProviderMetadata | undefined)[] = [
    undefined,
    { anthropic: { signature: "c2lnbmF0dXJl" } },
    { google: { thoughtSignature: "dGhvdWdodA==" } },
    { openai: { itemId: "rs_1", reasoningEncryptedContent: "ZW5j" } },
  ];
  return fc
    .tuple(pieces(), fc.constantFrom(...(signed ? metadata : [undefined])))
    .map(([texts, said]) => (index: number): BlockParts => {
      const id = `reasoning-${index}`;
      const beside = said === undefined ? {} : { providerMetadata: said };
      const deltas = texts.map((delta) => ({ type: "reasoning-delta", id, delta }) as const);
      return {
        content: { type: "reasoning", text: texts.join(""), ...beside },
        parts: [{ type: "reasoning-start", id }, ...deltas, { type: "reasoning-end", id, ...beside }],
      };
    });
}

function toolBlock(signed: boolean) {
  const metadata: readonly (SharedV4ProviderMetadata | undefined)[] = [
    undefined,
    { google: { thoughtSignature: "dG9vbA==" } },
  ];
  const input = fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }), {
    maxKeys: 3,
    noNullPrototype: true,
  });
  return fc
    .tuple(input, fc.integer({ min: 0, max: 12 }), fc.boolean(), fc.constantFrom(...(signed ? metadata : [undefined])))
    .map(([value, size, isWhole, said]) => (index: number): BlockParts => {
      const text = JSON.stringify(value);
      const toolCallId = `call-${index}`;
      const beside = said === undefined ? {} : { providerMetadata: said };
      const call = { type: "tool-call", toolCallId, toolName: "look_up", input: text, ...beside } as const;
      const deltas = piecesOf(text, size).map(
        (delta) => ({ type: "tool-input-delta", id: toolCallId, delta }) as const,
      );
      const start = { type: "tool-input-start", id: toolCallId, toolName: "look_up", ...beside } as const;
      const streamed: readonly LanguageModelV4StreamPart[] = [
        start,
        ...deltas,
        { type: "tool-input-end", id: toolCallId },
      ];
      return { content: call, parts: isWhole ? [call] : [...streamed, call] };
    });
}

function piecesOf(text: string, size: number): readonly string[] {
  if (size === 0) return [text];
  const found: string[] = [];
  for (let at = 0; at < text.length; at += size) found.push(text.slice(at, at + size));
  return found;
}

function finishReason(): fc.Arbitrary<LanguageModelV4FinishReason> {
  const unified = fc.constantFrom(
    "stop" as const,
    "length" as const,
    "content-filter" as const,
    "tool-calls" as const,
    "other" as const,
  );
  return fc.record({ unified, raw: fc.constantFrom("end_turn", "STOP", "stop", "whatever") });
}

function usage(): fc.Arbitrary<LanguageModelV4Usage> {
  const count = fc.nat(100_000);
  return fc.tuple(count, count, count, count, count).map(([noCache, cacheRead, cacheWrite, text, reasoning]) => ({
    inputTokens: { total: noCache + cacheRead + cacheWrite, noCache, cacheRead, cacheWrite },
    outputTokens: { total: text + reasoning, text, reasoning },
  }));
}
