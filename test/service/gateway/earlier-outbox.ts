import { DatabaseSync } from "node:sqlite";
import type { RecordedInvocation } from "../../../services/gateway/core/invocation.ts";
import { noteOf } from "../../../services/gateway/outbox/note.ts";
import { sampleRecord } from "./sample-record.ts";

/** Writes an outbox as a gateway of version 1 has left it: calls that had ended, and calls in flight. */
export function earlierOutbox(
  path: string,
  {
    finished,
    flying,
  }: { readonly finished: readonly RecordedInvocation[]; readonly flying: readonly RecordedInvocation[] },
): void {
  using old = new DatabaseSync(path);
  old.exec(`
    PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
    CREATE TABLE note (trace_id TEXT PRIMARY KEY, note TEXT NOT NULL) STRICT;
    CREATE TABLE record (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, added_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, spans BLOB NOT NULL, payload BLOB NOT NULL
    ) STRICT;
    CREATE TABLE alive (id INTEGER PRIMARY KEY CHECK (id = 1), ms INTEGER NOT NULL) STRICT;
    INSERT INTO alive VALUES (1, 1900000000000);
    PRAGMA user_version = 1`);
  const insert = old.prepare("INSERT INTO record (added_ms, bytes, spans, payload) VALUES (?, ?, ?, ?)");
  for (const call of finished) {
    const { told, payload } = sampleRecord(call, Buffer.from('"asked"'));
    insert.run(1, told.length + payload.length, told, payload);
  }
  for (const call of flying) old.prepare("INSERT INTO note VALUES (?, ?)").run(call.traceId, noteOf(call));
}
