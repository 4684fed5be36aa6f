import { conflictOf } from "../../core/spans/span-order.ts";
import type { StoredSpanRow } from "../../core/spans/span-row.ts";
import { claimReplaces, type StoredClaim } from "../../core/traces/trace-claim.ts";
import { LINKED_MAX, summaryOf, type TraceSummary } from "../../core/traces/trace-summary.ts";
import type { TagEdits } from "../../core/traces/trace-tags.ts";
import type { Fact, FactContent, FactName, ListPlace, TwinLink } from "./fact.ts";
import { type TraceId, traceKeyOf } from "./trace-key.ts";

/** A span that counts, and where its bytes are. */
export interface PlacedRow {
  readonly row: StoredSpanRow;
  /** The id of the fact that brought it. */
  readonly chunk: bigint;
  readonly position: number;
}

/** A fact that brought spans, and how many of them count. */
interface Chunk {
  readonly name: FactName;
  readonly bytes: bigint;
  uses: number;
}

type ContentOf<Kind extends FactContent["kind"]> = Extract<FactContent, { kind: Kind }>;

/**
 * What a trace comes to, from the set of its facts. They are absorbed by their versions; the rules of `core/` see to it
 * that arrivals in another order, which have other versions, come to the same.
 */
export class TraceState {
  readonly workspace: string;
  readonly traceId: string;
  /** What decides on which shard it is. Undefined: nothing is there yet. */
  home: string | undefined;
  /** The highest of its facts. A new fact has a higher one. */
  version = 0n;
  sealed = false;
  metadata: Readonly<Record<string, string>> = {};
  recordHash: string | undefined;
  claim: StoredClaim | undefined;
  tagEdits: TagEdits = {};
  readonly rows = new Map<string, PlacedRow>();
  readonly chunks = new Map<bigint, Chunk>();
  /** The links to other twins, by {@link traceKeyOf}. */
  readonly links = new Map<string, TwinLink>();
  /** Everywhere that it was ever listed, by {@link placeKeyOf}. */
  readonly listed = new Map<string, ListPlace>();
  /** All its facts, whether they count or not. */
  readonly facts = new Map<bigint, FactName>();
  /** Facts that count for nothing any more. */
  readonly dead = new Map<bigint, FactName>();
  /** Other twins that link to this trace, and are not linked to from here. */
  readonly estranged = new Map<string, TraceId>();
  #claimFact: FactName | undefined;
  /** Undefined: it changed since it was last summed up. */
  #summary: TraceSummary | undefined;
  /** Facts that erasing removes last: they say what is void. */
  readonly #lasting = new Set<bigint>();

  constructor(workspace: string, traceId: string) {
    this.workspace = workspace;
    this.traceId = traceId;
  }

  /** Whether readers see it: a trace has a span, or is claimed. */
  get exists(): boolean {
    return this.rows.size > 0 || this.claim !== undefined;
  }

  /** What its spans and its payload take, uncompressed. */
  get storedBytes(): bigint {
    return this.chunks.values().reduce((sum, { bytes }) => sum + bytes, 0n);
  }

  /** Takes one more fact in, of a higher version than those before. */
  absorb(fact: Fact): void {
    const { content, listed } = fact;
    const name = { id: fact.id, version: fact.version };
    this.home ??= fact.home;
    this.#summary = undefined;
    if (fact.version > this.version) this.version = fact.version;
    if (listed !== undefined) this.listed.set(placeKeyOf(listed), listed);
    const isRepeated = this.facts.has(fact.id) && !this.dead.has(fact.id);
    this.facts.set(fact.id, name);
    if (isRepeated) return;
    this.dead.delete(fact.id);
    switch (content.kind) {
      case "full":
        if (this.sealed) this.#bury(name);
        else this.#seal(content, name, fact.storedBytes);
        break;
      case "mirror":
        if (this.#takesMirror(content)) this.#addMirror(content, name, fact.storedBytes);
        else this.#refuseMirror(content, name);
        break;
      case "spans":
        if (this.sealed) this.#bury(name);
        else this.#place(content.rows, name, fact.storedBytes);
        break;
      case "claim":
        if (this.#takesClaim(content.claim)) this.#replaceClaim(content.claim, name);
        else this.#bury(name);
        break;
      case "tags":
        this.tagEdits = { ...this.tagEdits, ...content.edits };
        break;
      case "unlink":
        this.links.delete(traceKeyOf(content.twin));
        this.estranged.delete(traceKeyOf(content.twin));
        break;
      case "deleted":
        this.#lasting.add(fact.id);
        this.#clear();
        break;
      case "erasable":
        this.#lasting.add(fact.id);
        break;
      case "listing":
        break;
    }
  }

  /** Whether a span of one of these ids is there that only the gateway can have written. */
  holdsGatewaySpan(spanIds: readonly string[]): boolean {
    return spanIds.some((spanId) => (this.rows.get(spanId)?.row.origin ?? "agent") !== "agent");
  }

  /** The links to other twins, by time. */
  linksByTime(): readonly TwinLink[] {
    return [...this.links.values()].toSorted((a, b) =>
      a.startNs === b.startNs ? (a.traceId < b.traceId ? -1 : 1) : a.startNs < b.startNs ? -1 : 1,
    );
  }

  /** What lists show of it. It must exist. */
  summary(): TraceSummary {
    this.#summary ??= this.#sumUp();
    return this.#summary;
  }

  #sumUp(): TraceSummary {
    return summaryOf({
      traceId: this.traceId,
      sealed: this.sealed,
      metadata: this.metadata,
      rows: this.rows
        .values()
        .map(({ row }) => row)
        .toArray(),
      claim: this.claim,
      tagEdits: this.tagEdits,
      linkedTraceIds: this.linksByTime()
        .slice(0, LINKED_MAX)
        .map(({ traceId }) => traceId),
    });
  }

  #seal(content: ContentOf<"full">, name: FactName, bytes: bigint): void {
    for (const chunk of this.chunks.values()) this.#bury(chunk.name);
    if (this.#claimFact !== undefined) this.#bury(this.#claimFact);
    this.#forgetSpans();
    this.claim = undefined;
    this.sealed = true;
    this.metadata = content.metadata;
    this.recordHash = content.hash;
    if (content.mirror !== undefined) this.links.set(traceKeyOf(content.mirror), content.mirror);
    this.#place(content.rows, name, bytes);
  }

  #takesMirror({ rows }: ContentOf<"mirror">): boolean {
    return !this.sealed && rows[0] !== undefined && !this.holdsGatewaySpan(rows.flatMap((row) => row?.spanId ?? []));
  }

  #addMirror({ rows, full }: ContentOf<"mirror">, name: FactName, bytes: bigint): void {
    const [gateway] = rows;
    if (gateway === undefined) return;
    const { spanId, startNs } = gateway;
    this.links.set(traceKeyOf(full), { ...full, spanId, startNs });
    this.#place(rows, name, bytes);
  }

  #refuseMirror({ full }: ContentOf<"mirror">, name: FactName): void {
    if (!this.links.has(traceKeyOf(full))) this.estranged.set(traceKeyOf(full), full);
    this.#bury(name);
  }

  #takesClaim(claim: StoredClaim): boolean {
    return !this.sealed && (this.claim === undefined || claimReplaces(this.claim, claim));
  }

  #replaceClaim(claim: StoredClaim, name: FactName): void {
    if (this.#claimFact !== undefined) this.#bury(this.#claimFact);
    this.claim = claim;
    this.#claimFact = name;
  }

  #place(rows: readonly (StoredSpanRow | undefined)[], name: FactName, bytes: bigint): void {
    const chunk: Chunk = { name, bytes, uses: 0 };
    this.chunks.set(name.id, chunk);
    for (const [position, row] of rows.entries()) {
      if (row === undefined) continue;
      const there = this.rows.get(row.spanId);
      if (there !== undefined) {
        if (conflictOf(there.row, row) !== "replaces") continue;
        this.#release(there.chunk);
      }
      this.rows.set(row.spanId, { row, chunk: name.id, position });
      chunk.uses += 1;
    }
    if (chunk.uses === 0) this.#bury(name);
  }

  #release(id: bigint): void {
    const chunk = this.chunks.get(id);
    if (chunk === undefined) return;
    chunk.uses -= 1;
    if (chunk.uses === 0) this.#bury(chunk.name);
  }

  #bury(name: FactName): void {
    this.dead.set(name.id, name);
    this.chunks.delete(name.id);
  }

  #clear(): void {
    for (const name of this.facts.values()) if (!this.#lasting.has(name.id)) this.dead.set(name.id, name);
    this.#forgetSpans();
    Object.assign(this, { sealed: false, metadata: {}, recordHash: undefined, claim: undefined, tagEdits: {} });
    this.#claimFact = undefined;
  }

  #forgetSpans(): void {
    this.rows.clear();
    this.chunks.clear();
    for (const [key, { workspace, traceId }] of this.links) this.estranged.set(key, { workspace, traceId });
    this.links.clear();
  }
}

/** A text that is equal when places in lists are. */
export function placeKeyOf({ experimentId, startNs }: ListPlace): string {
  return `${experimentId}.${startNs}`;
}
