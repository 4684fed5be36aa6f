import { hash, randomInt } from "node:crypto";
import type { NamedExperiment, SpanRow, StoredSpanRow } from "../../core/spans/span-row.ts";
import type { TraceSummary } from "../../core/traces/trace-summary.ts";
import { type FactContent, type ListPlace, PENDING_ID } from "./fact.ts";
import type { FactRow, KindedName } from "./fact-table.ts";
import { traceKeyOf } from "./trace-key.ts";
import { placeKeyOf, type TraceState } from "./trace-state.ts";

/** A fact that is to be added. */
export interface NewFact {
  readonly content: FactContent;
  readonly experiment?: NamedExperiment | undefined;
  readonly bytes?: Uint8Array;
  readonly payload?: Uint8Array | undefined;
  /** What makes its id, where it has no bytes. */
  readonly idBytes?: Uint8Array;
}

/** Versions count up; their low bits are drawn, so that two writers that count the same do not write the same. */
const DRAWN_BITS = 12n;
const NOTHING = new Uint8Array();

/**
 * A trace that the commit at hand works on: what its facts come to, with those that the commit adds, and what of that
 * is still to be stored.
 */
export class WorkingTrace {
  /** A number of its own within the commit. */
  readonly ref: bigint;
  state: TraceState;
  /** Whether lists must be brought up to date, though nothing was added. */
  isRevised = false;
  /** Whether lists, and what waits to be forwarded, have not heard of all its facts: a commit has ended half-way. */
  isUnfinished = false;
  /** Whether what is added comes from another store: then nothing of it is forwarded. */
  isRestored = false;
  /** Where lists have it, as of the commit that was last seen. Undefined: nowhere. */
  readonly before: ListPlace | undefined;
  #added: Omit<FactRow, "listed">[] = [];
  /** Facts that count for nothing, and that it is written down of already. */
  readonly #noted: Set<bigint>;

  constructor(state: TraceState, ref: bigint) {
    this.ref = ref;
    this.state = state;
    this.#noted = new Set(state.dead.keys());
    this.before = state.exists ? placeOf(state.summary()) : undefined;
  }

  get hasAdded(): boolean {
    return this.#added.length > 0;
  }

  /** The experiment that owned it before. Undefined: it was pending, or was not there. */
  get experimentIdBefore(): bigint | undefined {
    const id = this.before?.experimentId;
    return id === PENDING_ID ? undefined : id;
  }

  /** The experiment that owns it now. Undefined: it is pending, or is not there. */
  owner(): NamedExperiment | undefined {
    return this.state.exists ? this.state.summary().experiment : undefined;
  }

  /**
   * Adds a fact. Returns its id, which follows from what it says: repeated, it is the same. `home` decides where the
   * trace is kept, where that is not decided yet.
   */
  add(fact: NewFact, home: string): bigint {
    const { state } = this;
    const { content, experiment, bytes = NOTHING, payload = NOTHING } = fact;
    const version = nextVersion(state.version);
    let id = idOf(fact, version);
    // Of spans that came together before, some may not have been stored then. They are another fact.
    while (state.chunks.has(id)) id += 1n;
    const stored = { id, version, home: state.home ?? home, content };
    const storedBytes = BigInt(bytes.length + payload.length);
    state.absorb({ ...stored, listed: undefined, storedBytes });
    const { workspace, traceId } = state;
    this.#added.push({ ...stored, workspace, traceId, experiment, bytes, payload });
    return id;
  }

  /**
   * What is to be stored, once: the facts that were added, with the place that lists will have the trace at, and what
   * may be erased.
   */
  takeAdded(): readonly FactRow[] {
    const { state } = this;
    if (this.#added.length === 0) return [];
    const listed = this.place();
    const dead = [...state.dead.values()].filter(({ id }) => !this.#noted.has(id));
    if (dead.length > 0) {
      const places = this.leftPlaces();
      this.add({ content: { kind: "erasable", facts: dead, places } }, state.home ?? state.traceId);
      for (const { id } of dead) this.#noted.add(id);
    }
    if (listed !== undefined) state.listed.set(placeKeyOf(listed), listed);
    const added = this.#added.map((row) => ({ ...row, listed }));
    this.#added = [];
    this.isRevised = true;
    return added;
  }

  /** Where lists have it, once they are up to date. Undefined: nowhere. */
  place(): ListPlace | undefined {
    return this.state.exists ? placeOf(this.state.summary()) : undefined;
  }

  /** Where lists had it, and have it no more. */
  readonly leftPlaces = (): readonly ListPlace[] => {
    const listed = this.place();
    return [...this.state.listed.values()].filter((place) => !isSame(place, listed));
  };
}

/**
 * Whether others have written what changes the trace, or have listed it under a higher version, since its state was
 * read.
 */
export function isOvertaken(state: TraceState, names: readonly KindedName[]): boolean {
  return names.some(({ kind, id, version }) => {
    const known = state.facts.get(id);
    if (known !== undefined && known.version >= version) return false;
    return version > state.version || (kind !== "listing" && kind !== "erasable");
  });
}

/** Where lists have a trace of that summary. */
function placeOf({ experiment, info }: TraceSummary): ListPlace {
  return { experimentId: experiment?.id ?? PENDING_ID, startNs: info.startTimeUnixNano };
}

/** Rows with the experiment that was named with them. */
export function withExperiment(
  rows: readonly SpanRow[],
  experiment: NamedExperiment | undefined,
): readonly StoredSpanRow[] {
  return rows.map((row) => ({ ...row, experiment }));
}

function isSame(a: ListPlace, b: ListPlace | undefined): boolean {
  return b !== undefined && a.experimentId === b.experimentId && a.startNs === b.startNs;
}

function nextVersion(version: bigint): bigint {
  return (((version >> DRAWN_BITS) + 1n) << DRAWN_BITS) | BigInt(randomInt(2 ** Number(DRAWN_BITS)));
}

/** What is said again under another version is another fact, where the order counts. */
function idOf({ content, experiment, bytes = NOTHING, idBytes = bytes }: NewFact, version: bigint): bigint {
  const digest = (...parts: (string | bigint | Uint8Array)[]) => {
    const text = Buffer.concat(
      [content.kind, ...parts].map((part) => Buffer.from(typeof part === "bigint" ? `${part}` : part)),
    );
    return BigInt(`0x${hash("sha256", text, "hex").slice(0, 16)}`) >> 1n;
  };
  switch (content.kind) {
    case "full":
      return digest(content.hash);
    case "mirror":
      return digest(traceKeyOf(content.full), bytes);
    case "spans":
    case "claim":
      return digest(experiment?.id ?? PENDING_ID, idBytes);
    default:
      return digest(version);
  }
}
