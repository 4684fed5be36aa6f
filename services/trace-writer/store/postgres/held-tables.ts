import type { StoredSize } from "../../core/retention/retention.ts";
import { LINKED_MAX } from "../../core/traces/trace-summary.ts";
import type { CommitTables, SizeTable, TraceTable } from "../commit/tables.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";
import { noteHour } from "./changed-hours.ts";
import { type Held, oldestKeyOf, sizeKeyOf } from "./held.ts";
import { type HeldChanges, noChanges, type SizeChange } from "./held-changes.ts";
import { createHeldExperiments } from "./held-experiments.ts";
import { createHeldBytes, createHeldSpans } from "./held-spans.ts";
import { type HeldTrace, newTrace } from "./held-trace.ts";
import { keyOf } from "./touched.ts";

/** Tables in memory, over what a commit holds. `packed` gives bytes as they are stored. `onRename`: names have changed. */
export function createHeldTables(
  held: Held,
  packed: (bytes: Uint8Array) => Uint8Array,
  onRename: () => void,
): { readonly tables: CommitTables; readonly changes: HeldChanges } {
  const changes = noChanges();
  const sizes = createHeldSizes(held, changes);
  const tables: CommitTables = {
    experiments: createHeldExperiments(held.experiments, changes),
    traces: createHeldTraces(held, changes, sizes),
    spans: createHeldSpans(held, changes),
    bytes: createHeldBytes(held, packed),
    sizes,
    forwards: { insert: (trace, wait, nowMs) => void changes.forwards.push({ trace, wait, nowMs }) },
    // Rows are in memory already, and remembered once they are durable.
    known: { take: () => undefined, remember: () => {}, forget: onRename },
    begin() {},
    settle() {},
    end() {},
    reset() {},
  };
  return { tables, changes };
}

function createHeldTraces(held: Held, changes: HeldChanges, sizes: SizeTable): TraceTable {
  const isThere = (ref: bigint) => held.byRef.has(ref);
  const uncount = ({ workspace, experimentId, startNs, countedBytes }: WorkingTrace) => {
    if (startNs > 0n) sizes.note(workspace, experimentId, -1n, -countedBytes);
    noteHour(changes.hours, experimentId, startNs);
  };
  const heldOf = (ref: bigint) => {
    const trace = held.byRef.get(ref);
    if (trace === undefined) throw new Error("a trace is changed that was not read");
    return trace;
  };
  const unlinkMirrorsIn = (mirrorRef: bigint) => {
    // Of the twins only the first are known one by one; those that must be told are held.
    const linked = held.byRef.values().filter(({ mirror }) => mirror?.ref === mirrorRef);
    const refs = Array.from(linked, (full) => {
      full.mirror = undefined;
      return full.ref;
    });
    held.twins.delete(mirrorRef);
    return refs;
  };
  const unlinkFull = ({ ref, mirror }: HeldTrace): readonly bigint[] => {
    if (mirror === undefined) return [];
    const twins = held.twins.get(mirror.ref)?.filter((twin) => twin.ref !== ref) ?? [];
    held.twins.set(mirror.ref, twins);
    return [mirror.ref];
  };
  return {
    find: (workspace, traceId) => held.traces.get(keyOf({ workspace, traceId })),
    insert(workspace, traceId) {
      const ref = held.refs.pop();
      if (ref === undefined) throw new Error("a trace is made that was not foreseen");
      const trace = newTrace(ref, workspace, traceId);
      held.byRef.set(ref, trace);
      held.traces.set(keyOf(trace), trace);
      return trace;
    },
    byRef: (ref) => held.byRef.get(ref),
    update(trace, summary) {
      heldOf(trace.ref).summary = summary;
      uncount(trace);
      sizes.note(trace.workspace, summary.experiment?.id, 1n, trace.bytes);
      noteHour(changes.hours, summary.experiment?.id, summary.info.startTimeUnixNano);
    },
    annotate() {},
    ownedUntil: (experimentId, startNsMax, limit) =>
      (held.oldest.get(oldestKeyOf({ kind: "until", experimentId, startNsMax, limit })) ?? []).filter(isThere),
    oldest: (workspace, experimentId, limit) =>
      (held.oldest.get(oldestKeyOf({ kind: "trim", workspace, experimentId, limit })) ?? []).filter(isThere),
    remove({ ref }) {
      const trace = heldOf(ref);
      uncount(trace);
      const linked = [...unlinkMirrorsIn(ref), ...unlinkFull(trace)];
      held.byRef.delete(ref);
      held.traces.delete(keyOf(trace));
      if (trace.version > 0) changes.removed.push(trace);
      return linked;
    },
    link(fullRef, mirrorRef, spanId, startNs) {
      const [full, mirror] = [heldOf(fullRef), heldOf(mirrorRef)];
      full.mirror = { ref: mirrorRef, traceId: mirror.traceId, spanId, startNs };
      const twins = held.twins.get(mirrorRef) ?? [];
      twins.push({ ref: fullRef, traceId: full.traceId, startNs });
      held.twins.set(mirrorRef, twins);
    },
    unlinkMirrorsIn,
    linkedTo(ref) {
      const { mirror } = heldOf(ref);
      if (mirror !== undefined) return [mirror.traceId];
      const twins = (held.twins.get(ref) ?? []).toSorted(
        (a, b) => Number(a.startNs - b.startNs) || (a.traceId < b.traceId ? -1 : 1),
      );
      return twins.slice(0, LINKED_MAX).map(({ traceId }) => traceId);
    },
  };
}

function createHeldSizes(held: Held, { sizes }: HeldChanges): SizeTable {
  const changeOf = (workspace: string, experimentId: bigint | undefined): SizeChange => {
    const key = sizeKeyOf(workspace, experimentId);
    const change = sizes.get(key) ?? { workspace, experimentId, traces: 0n, bytes: 0n };
    sizes.set(key, change);
    return change;
  };
  return {
    note(workspace, experimentId, traces, bytes) {
      const change = changeOf(workspace, experimentId);
      change.traces += traces;
      change.bytes += bytes;
    },
    sizeOf(workspace, experimentId): StoredSize {
      const stored = held.sizes.get(sizeKeyOf(workspace, experimentId)) ?? { traces: 0n, bytes: 0n };
      const change = changeOf(workspace, experimentId);
      return { traces: stored.traces + change.traces, bytes: stored.bytes + change.bytes };
    },
  };
}
