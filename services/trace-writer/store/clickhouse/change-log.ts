import { randomBytes } from "node:crypto";
import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { ChangePage, TraceSearch } from "../trace-reads.ts";
import type { Connection } from "./connection.ts";
import { PENDING_ID } from "./fact.ts";
import { facetIn } from "./listing-table.ts";
import type { ListedRow, Searches } from "./trace-search.ts";

/** Tells what has changed, as `TraceStore.changes` says. */
export interface ChangeLog {
  changes(
    workspace: string,
    search: Pick<TraceSearch, "scope" | "filter">,
    since: string | undefined,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<ChangePage | undefined>;
}

interface Change extends ListedRow {
  readonly workspace: string;
  readonly experimentId: bigint;
  readonly version: bigint;
  readonly changedUs: bigint;
}

/** An insert may become visible so long after the time it bears, in microseconds: so far back is looked again. */
const OVERLAP_US = 30_000_000n;
/** So many changes are remembered. Who is further behind starts over at their time. */
const REMEMBERED_MAX = 50_000;
const POSITION = /^(\d{1,19})\.([0-9a-f]{8})\.(\d{1,15})$/;

/**
 * The changes of listed traces, in the order in which this process has come to know of them: so none is passed over
 * though inserts become visible in another order than that of their times, and none is told twice. A position has a
 * time too. By that another process goes on where this one has ended: it may tell again what changed within half a
 * minute before.
 */
export function openChangeLog(connection: Connection, searches: Searches): ChangeLog {
  const log = randomBytes(4).toString("hex");
  const known = new Map<string, bigint>();
  let changes: Change[] = [];
  /** The number of the first change that is remembered. */
  let first = 0;
  let latestUs: bigint | undefined;
  let reading: Promise<void> | undefined;

  const readOn = async () => {
    latestUs ??= await nowUs(connection);
    for (const change of await changedAfter(connection, latestUs - OVERLAP_US)) {
      const key = `${change.workspace}\n${change.traceId}`;
      if ((known.get(key) ?? 0n) >= change.version) continue;
      known.delete(key);
      known.set(key, change.version);
      changes.push(change);
      if (change.changedUs > latestUs) latestUs = change.changedUs;
    }
    if (changes.length <= REMEMBERED_MAX * 2) return;
    const forgotten = changes.length - REMEMBERED_MAX;
    first += forgotten;
    changes = changes.slice(forgotten);
    for (const key of [...known.keys()].slice(0, known.size - REMEMBERED_MAX)) known.delete(key);
  };
  /** What is visible when it is called is read when it resolves. */
  const refresh = async () => {
    while (reading !== undefined) await reading;
    reading = readOn().finally(() => {
      reading = undefined;
    });
    await reading;
  };
  /** The number of the change to go on from. */
  const placeOf = (timeUs: bigint, ofLog: string, number: number) => {
    if (ofLog === log && number >= first) return number;
    const next = changes.findIndex(({ changedUs }) => changedUs > timeUs - OVERLAP_US);
    return first + (next === -1 ? changes.length : next);
  };

  return {
    async changes(workspace, { scope, filter }, since, limit, signal) {
      signal?.throwIfAborted();
      const [, time, ofLog, number] = POSITION.exec(since ?? "") ?? [];
      if (since !== undefined && (time === undefined || ofLog === undefined || number === undefined)) return undefined;
      // Another process has told what this one must know first.
      if (time !== undefined && ofLog !== log && latestUs === undefined) latestUs = BigInt(time);
      await refresh();
      const positionAt = (place: number) => `${latestUs ?? 0n}.${log}.${place}`;
      const end = first + changes.length;
      if (time === undefined || ofLog === undefined) return { traces: [], position: positionAt(end), isEnd: true };
      const place = placeOf(BigInt(time), ofLog, Number(number));
      const page = changes.slice(place - first, place - first + limit);
      const ids = scope.kind === "pending" ? [PENDING_ID] : scope.ids;
      const newest = page.filter(
        (change) =>
          change.workspace === workspace &&
          ids.includes(change.experimentId) &&
          // It has changed again since: then it is told further on.
          known.get(`${workspace}\n${change.traceId}`) === change.version,
      );
      // All who follow share what was read so far. What comes is this one's alone.
      signal?.throwIfAborted();
      const found = await searches.passing(workspace, filter, newest);
      const next = place + page.length;
      return { traces: found.map(({ info }) => info), position: positionAt(next), isEnd: next === end };
    },
  };
}

async function nowUs(connection: Connection): Promise<bigint> {
  const [now = 0n] = await connection.query("SELECT toInt64(toUnixTimestamp64Micro(now64(6)))", {}, (reader) =>
    reader.int64(),
  );
  return now;
}

function changedAfter(connection: Connection, timeUs: bigint): Promise<readonly Change[]> {
  return connection.query(
    `SELECT trace_id, -start_key, facets, info, workspace, experiment_id, version,
      toInt64(toUnixTimestamp64Micro(changed)) AS changed_us
    FROM traces WHERE changed > fromUnixTimestamp64Micro(${timeUs}) AND gone = 0
    ORDER BY changed_us, version DESC LIMIT 1 BY workspace, trace_id, version`,
    {},
    (reader) => ({
      traceId: reader.id(16),
      at: reader.int64(),
      facets: reader.list(() => facetIn(reader.text())),
      info: TraceInfo.decode(reader.bytes()),
      workspace: reader.text(),
      experimentId: reader.int64(),
      version: reader.uint64(),
      changedUs: reader.int64(),
    }),
  );
}
