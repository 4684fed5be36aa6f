import type { LanguageModelV4Content, LanguageModelV4StreamPart, SharedV4ProviderMetadata } from "@ai-sdk/provider";
import { ServiceError } from "#lib/service-error.ts";
import { type Block, blockOf, isSaying, PROVIDERS_CALL } from "./answer-blocks.ts";
import { untranslatableAnswer } from "./untranslatable.ts";

/** How long an answer may be, in characters: it is kept, since formats tell its blocks once more when they end. */
const ANSWER_CHARS_MAX = 32 * 1024 * 1024;

/** What a stream of blocks comes to: one begins, gets its text in pieces, and ends before the next begins. */
export type BlockEvent =
  | { readonly type: "start"; readonly block: Block; readonly metadata: SharedV4ProviderMetadata | undefined }
  | {
      readonly type: "delta";
      readonly block: Block;
      readonly text: string;
      readonly isFirst: boolean;
    }
  | {
      readonly type: "end";
      readonly block: Block;
      /** All of its text. */
      readonly text: string;
      readonly metadata: SharedV4ProviderMetadata | undefined;
    };

type WholePart = Extract<LanguageModelV4StreamPart, LanguageModelV4Content>;

/** A block on its way. */
interface Open {
  readonly block: Block;
  /** The pieces that have not been told. */
  held: string[];
  /** What has been told. */
  written: string;
  metadata: SharedV4ProviderMetadata | undefined;
  hasStarted: boolean;
  hasEnded: boolean;
  isQueued: boolean;
}

/**
 * Puts the blocks of a stream one after another, as formats have them whose blocks never overlap. A text or reasoning
 * that is open when another block begins ends there, and what comes of it later is a block of its own; a tool call
 * cannot be split: what comes of others before its end is held back. Blocks that say nothing are left out, as
 * `blocksOf` does.
 */
export class BlockOrder {
  readonly #open = new Map<string, Open>();
  /** The blocks that have something to say, in the order they began to. The first is being written. */
  readonly #queue: Open[] = [];
  #chars = 0;

  /**
   * What a part adds. Throws a ServiceError: `provider_protocol` when the answer becomes too long, `untranslatable` as
   * `blocksOf` does.
   */
  push(part: LanguageModelV4StreamPart): readonly BlockEvent[] {
    switch (part.type) {
      case "text-start":
      case "reasoning-start": {
        const kind = part.type === "text-start" ? "text" : "reasoning";
        const ended = this.#end(keyOf(kind, part.id), undefined);
        this.#begin(keyOf(kind, part.id), { kind }, part.providerMetadata);
        return ended;
      }
      case "tool-input-start": {
        if (part.providerExecuted === true) throw untranslatableAnswer(PROVIDERS_CALL);
        const key = keyOf("tool-call", part.id);
        const ended = this.#end(key, undefined);
        const block = { kind: "tool-call", id: part.id, name: part.toolName } as const;
        return [...ended, ...this.#enqueue(this.#begin(key, block, part.providerMetadata))];
      }
      case "text-delta":
      case "reasoning-delta":
      case "tool-input-delta":
        return this.#add(keyOf(kindOf(part.type), part.id), part.delta, part.providerMetadata);
      case "text-end":
      case "reasoning-end":
        return this.#end(keyOf(kindOf(part.type), part.id), part.providerMetadata);
      case "tool-input-end":
      case "response-metadata":
      case "stream-start":
      case "finish":
      case "ping":
      case "raw":
      case "error":
        return [];
      default:
        return this.#whole(part);
    }
  }

  /** Ends what is still open. */
  end(): readonly BlockEvent[] {
    return [...this.#open.keys()].flatMap((key) => [...this.#end(key, undefined)]);
  }

  #begin(key: string, block: Block, metadata: SharedV4ProviderMetadata | undefined): Open {
    const open: Open = {
      block,
      held: [],
      written: "",
      metadata,
      hasStarted: false,
      hasEnded: false,
      isQueued: false,
    };
    this.#open.set(key, open);
    return open;
  }

  #add(key: string, text: string, metadata: SharedV4ProviderMetadata | undefined): readonly BlockEvent[] {
    const open = this.#open.get(key);
    if (open === undefined) return [];
    open.metadata = merged(open.metadata, metadata);
    if (text === "") return [];
    this.#chars += text.length;
    if (this.#chars > ANSWER_CHARS_MAX) {
      throw new ServiceError(
        "provider_protocol",
        `The provider's answer is longer than ${ANSWER_CHARS_MAX} characters.`,
      );
    }
    open.held.push(text);
    return this.#enqueue(open);
  }

  #end(key: string, metadata: SharedV4ProviderMetadata | undefined): readonly BlockEvent[] {
    const open = this.#open.get(key);
    if (open === undefined) return [];
    this.#open.delete(key);
    open.metadata = merged(open.metadata, metadata);
    open.hasEnded = true;
    if (!open.isQueued && !isSaying(open.block, "", open.metadata)) return [];
    return this.#enqueue(open);
  }

  /** A part that comes whole: of its own, or as the end of a tool's input. */
  #whole(part: WholePart): readonly BlockEvent[] {
    const whole = blockOf(part);
    if (whole === undefined) return [];
    const key = keyOf(whole.block.kind, part.type === "tool-call" ? part.toolCallId : "");
    const open = this.#open.get(key) ?? this.#begin(key, whole.block, undefined);
    open.metadata = merged(open.metadata, whole.metadata);
    const isUntold = open.held.length === 0 && open.written === "";
    const added = isUntold ? this.#add(key, whole.text, undefined) : [];
    return [...added, ...this.#end(key, undefined)];
  }

  #enqueue(open: Open): readonly BlockEvent[] {
    if (!open.isQueued) {
      open.isQueued = true;
      this.#queue.push(open);
    }
    const events: BlockEvent[] = [];
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      this.#write(first, events);
      const yields = first.block.kind !== "tool-call" && this.#queue.length > 1;
      if (!first.hasEnded && !yields) break;
      events.push({ type: "end", block: first.block, text: first.written, metadata: first.metadata });
      this.#queue.shift();
      Object.assign(first, { written: "", metadata: undefined, hasStarted: false, isQueued: false });
    }
    return events;
  }

  /** Writes what a block has to say now. */
  #write(open: Open, events: BlockEvent[]): void {
    const { block } = open;
    if (!open.hasStarted) events.push({ type: "start", block, metadata: open.metadata });
    open.hasStarted = true;
    for (const text of open.held) {
      events.push({ type: "delta", block, text, isFirst: open.written === "" });
      open.written += text;
    }
    open.held = [];
  }
}

function kindOf(type: "text-delta" | "text-end" | "reasoning-delta" | "reasoning-end" | "tool-input-delta") {
  if (type === "tool-input-delta") return "tool-call";
  return type === "text-delta" || type === "text-end" ? "text" : "reasoning";
}

function keyOf(kind: Block["kind"], id: string): string {
  return `${kind} ${id}`;
}

/** Metadata with what is said later, provider by provider. */
function merged(
  known: SharedV4ProviderMetadata | undefined,
  said: SharedV4ProviderMetadata | undefined,
): SharedV4ProviderMetadata | undefined {
  if (known === undefined || said === undefined) return said ?? known;
  const all: SharedV4ProviderMetadata = { ...known };
  for (const [provider, fields] of Object.entries(said)) all[provider] = { ...all[provider], ...fields };
  return all;
}
