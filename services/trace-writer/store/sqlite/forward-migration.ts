/**
 * What waits to be forwarded. A row names spans by their trace and chunk, or a whole trace where `chunk` is NULL; the
 * trace by its id, since a deleted trace's `ref` may be given out again.
 */
export const FORWARD_MIGRATION = `
  CREATE TABLE forwards (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    destination TEXT NOT NULL,
    workspace TEXT NOT NULL,
    trace_id BLOB NOT NULL,
    chunk INTEGER,
    without_mirrors INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    added_ms INTEGER NOT NULL
  );
  CREATE INDEX forwards_waiting ON forwards (destination, seq);
`;
